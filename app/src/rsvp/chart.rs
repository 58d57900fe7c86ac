use guestguard::rsvp::chart::{Chart, Point};
use leptos::prelude::*;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 34.0;
const BOTTOM: f64 = 26.0;
const TOP: f64 = 10.0;

/// Seats and answers over time, as steps.
#[component]
pub fn AnswersChart(chart: Chart) -> impl IntoView {
    if chart.points.is_empty() {
        return view! {
            <figure class="chart">
                <p class="chart-empty">"The first answer starts the chart."</p>
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
        "Answers over time: {} seats taken, {} maybe, {} declined by {}.",
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
                            <text class="chart-label" x=LEFT - 8.0 y=y + 4.0 text-anchor="end">{value}</text>
                        }
                    })
                    .collect_view()}
                <path class="chart-area-attending" d=area></path>
                <path class="chart-line-declined" d=frame.steps(&chart.points, |p| p.declined)></path>
                <path class="chart-line-maybe" d=frame.steps(&chart.points, |p| p.maybe)></path>
                <path class="chart-line-attending" d=attending></path>
                <line class="chart-axis" x1=LEFT x2=WIDTH y1=ground y2=ground></line>
                <text class="chart-label" x=LEFT y=HEIGHT - 6.0>{chart.from}</text>
                <text class="chart-label" x=WIDTH y=HEIGHT - 6.0 text-anchor="end">{chart.to}</text>
            </svg>
            <figcaption>
                <ul class="chart-legend">
                    <li data-kind="attending">"Seats taken"</li>
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
    span: f64,
    top: i32,
}

impl Frame {
    fn of(chart: &Chart) -> Self {
        let from = chart.points.first().map_or(0, |p| p.at);
        let to = chart.points.last().map_or(0, |p| p.at);
        Self { from, span: ((to - from) as f64).max(1.0), top: chart.top().max(2) }
    }

    fn x(&self, at: i64) -> f64 {
        round(LEFT + (WIDTH - LEFT) * (at - self.from) as f64 / self.span)
    }

    fn y(&self, value: i32) -> f64 {
        round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * f64::from(value) / f64::from(self.top))
    }

    /// Values at which a line helps the eye: none, half and all.
    fn lines(&self) -> Vec<i32> {
        vec![0, self.top / 2, self.top]
    }

    /// A path that keeps each value until the next change, and the last one to the right edge.
    fn steps(&self, points: &[Point], value: impl Fn(&Point) -> i32) -> String {
        let mut path = String::new();
        for (index, point) in points.iter().enumerate() {
            let (x, y) = (self.x(point.at), self.y(value(point)));
            path += &if index == 0 { format!("M {x} {y}") } else { format!(" H {x} V {y}") };
        }
        path + &format!(" H {WIDTH}")
    }
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
