//! Responses over time as an SVG step chart.

use guestguard::rsvp::chart::{Chart, Point};
use leptos::prelude::*;

// Integers, as formatting floats would add 15 kB of WASM.
const WIDTH: i64 = 640;
const HEIGHT: i64 = 220;
const LEFT: i64 = 34;
const BOTTOM: i64 = 26;
const TOP: i64 = 10;

#[component]
pub fn ResponsesChart(chart: Chart) -> impl IntoView {
    if chart.points.is_empty() {
        return view! {
            <figure class="chart">
                <p class="chart-empty">"No responses yet"</p>
            </figure>
        }
        .into_any();
    }
    let frame = Frame::of(&chart);
    let attending = frame.steps(&chart.points, |p| p.attending);
    let ground = HEIGHT - BOTTOM;
    let area = format!("{attending} L {WIDTH} {ground} L {LEFT} {ground} Z");
    let last = chart.points.last().copied().unwrap_or_default();
    let summary = format!(
        "Responses over time: {} attending, {} maybe, {} declined by {}.",
        last.attending, last.maybe, last.declined, chart.to
    );
    view! {
        <figure class="chart">
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=summary>
                {frame
                    .lines()
                    .into_iter()
                    .map(|value| {
                        let y = frame.y(value);
                        view! {
                            <line class="chart-grid" x1=LEFT x2=WIDTH y1=y y2=y></line>
                            <text class="chart-label" x=LEFT - 8 y=y + 4 text-anchor="end">{value}</text>
                        }
                    })
                    .collect_view()}
                <path class="chart-area-attending" d=area></path>
                <path class="chart-line-declined" d=frame.steps(&chart.points, |p| p.declined)></path>
                <path class="chart-line-maybe" d=frame.steps(&chart.points, |p| p.maybe)></path>
                <path class="chart-line-attending" d=attending></path>
                <line class="chart-axis" x1=LEFT x2=WIDTH y1=ground y2=ground></line>
                <text class="chart-label" x=LEFT y=HEIGHT - 6>{chart.from}</text>
                <text class="chart-label" x=WIDTH y=HEIGHT - 6 text-anchor="end">{chart.to}</text>
            </svg>
            <figcaption>
                <ul class="chart-legend">
                    <li data-kind="attending">"Attending"</li>
                    <li data-kind="maybe">"Maybe"</li>
                    <li data-kind="declined">"Declined"</li>
                </ul>
            </figcaption>
        </figure>
    }
    .into_any()
}

/// The chart's scales.
struct Frame {
    from: i64,
    span: i64,
    top: i64,
}

impl Frame {
    fn of(chart: &Chart) -> Self {
        let from = chart.points.first().map_or(0, |p| p.at);
        let to = chart.points.last().map_or(0, |p| p.at);
        Self { from, span: (to - from).max(1), top: i64::from(chart.top()).max(2) }
    }

    fn x(&self, at: i64) -> i64 {
        LEFT + (WIDTH - LEFT) * (at - self.from) / self.span
    }

    fn y(&self, value: i64) -> i64 {
        HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / self.top
    }

    /// Grid lines at none, half and the maximum.
    fn lines(&self) -> [i64; 3] {
        [0, self.top / 2, self.top]
    }

    /// A path that keeps each value until the next change, and the last one to the right edge.
    fn steps(&self, points: &[Point], value: impl Fn(&Point) -> i32) -> String {
        let mut path = String::new();
        for (index, point) in points.iter().enumerate() {
            let (x, y) = (self.x(point.at), self.y(value(point).into()));
            path += &if index == 0 { format!("M {x} {y}") } else { format!(" H {x} V {y}") };
        }
        path + &format!(" H {WIDTH}")
    }
}
