//! The live overview: figures, chart and recent activity (island).

use guestguard::{
    events::EventFigures,
    rsvp::{
        Answer,
        overview::{Activity, ActivityKind, Overview},
    },
};
use leptos::prelude::*;

use super::{chart::ResponsesChart, socket};
use crate::ui::{
    hydrated,
    words::{counted, thousands},
};

/// Rendered on the server; in the browser it follows every change and shows its connection status.
#[island]
pub fn LiveOverview(overview: Overview) -> impl IntoView {
    let ready = hydrated();
    let event = overview.event;
    let overview = RwSignal::new(overview);
    let status = RwSignal::new(socket::Status::Connecting);
    Effect::new(move |_| socket::follow(event, overview, status));
    let figures = move || overview.with(|now| figures(&now.figures, now.capacity));
    let chart = move || view! { <ResponsesChart chart=overview.with(|now| now.chart.clone())/> };
    let feed = move || overview.with(|now| feed(&now.feed));
    view! {
        <div data-island="live-overview" data-ready=ready>
            <p class="live-status" data-state=move || status.get().key() role="status">{move || status.get().words()}</p>
            {figures}
            <div class="split">
                <section class="section">
                    <h2>"Responses over time"</h2>
                    {chart}
                </section>
                <section class="section">
                    <h2>"Recent activity"</h2>
                    {feed}
                </section>
            </div>
        </div>
    }
}

fn figures(figures: &EventFigures, capacity: Option<i32>) -> impl IntoView + use<> {
    let attending = match capacity {
        Some(capacity) => format!("{} of {}", thousands(figures.heads), counted(i64::from(capacity), "guest")),
        None => counted(figures.heads, "guest"),
    };
    let figure = |kind: &'static str, name: &'static str, number: i64, note: String| {
        view! {
            <div class="figure" data-kind=kind>
                <dt>{name}</dt>
                <dd>{number}</dd>
                {(!note.is_empty()).then(|| view! { <dd class="figure-note">{note}</dd> })}
            </div>
        }
    };
    view! {
        <dl class="figures">
            {figure("invited", "Invited", figures.invited, format!("of {}", counted(figures.guests, "guest")))}
            {figure("opened", "Opened", figures.opened, String::new())}
            {figure("attending", "Attending", figures.attending, attending)}
            {figure("maybe", "Maybe", figures.maybe, String::new())}
            {figure("declined", "Declined", figures.declined, String::new())}
            {figure("awaiting", "No reply yet", figures.awaiting, String::new())}
        </dl>
    }
}

fn feed(feed: &[Activity]) -> impl IntoView + use<> {
    if feed.is_empty() {
        return view! { <p>"No activity yet"</p> }.into_any();
    }
    let items = feed
        .iter()
        .map(|activity| {
            view! {
                <li class="feed-item" data-kind=activity.kind.key()>
                    <span>{words(activity)}</span>
                    <time datetime=activity.iso.clone()>{activity.at.clone()}</time>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="feed">{items}</ol> }.into_any()
}

fn words(activity: &Activity) -> String {
    let name = &activity.guest;
    match activity.kind {
        ActivityKind::Invited(1) => format!("{name} was invited"),
        ActivityKind::Invited(n) => format!("{} were invited", counted(n, "guest")),
        ActivityKind::Opened => format!("{name} opened the invitation"),
        ActivityKind::Failed => format!("The invitation to {name} could not be delivered"),
        ActivityKind::Answered { answer: Answer::Attending, heads: 1 } => format!("{name} accepted"),
        ActivityKind::Answered { answer: Answer::Attending, heads } => format!("{name} accepted ({heads} guests)"),
        ActivityKind::Answered { answer: Answer::Maybe, .. } => format!("{name} replied maybe"),
        ActivityKind::Answered { answer: Answer::Declined, .. } => format!("{name} declined"),
    }
}
