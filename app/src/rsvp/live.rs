use guestguard::{
    events::Figures,
    rsvp::{
        Answer,
        overview::{Happening, Overview, What},
    },
};
use leptos::prelude::*;

use super::{chart::AnswersChart, socket};
use crate::ui::woken;

/// Figures, chart and feed. Drawn on the server; in the browser they follow every change, and say so when they cannot.
#[island]
pub fn LiveOverview(overview: Overview) -> impl IntoView {
    let ready = woken();
    let event = overview.event;
    let overview = RwSignal::new(overview);
    let status = RwSignal::new(socket::Status::Connecting);
    Effect::new(move |_| socket::follow(event, overview, status));
    let figures = move || overview.with(|now| figures(&now.figures, now.capacity));
    let chart = move || view! { <AnswersChart chart=overview.with(|now| now.chart.clone())/> };
    let feed = move || overview.with(|now| feed(&now.feed));
    view! {
        <div data-island="live-overview" data-ready=ready>
            <p class="live-status" data-state=move || status.get().key() role="status">{move || status.get().words()}</p>
            {figures}
            <div class="split">
                <section class="section">
                    <h2>"Answers over time"</h2>
                    {chart}
                </section>
                <section class="section">
                    <h2>"What just happened"</h2>
                    {feed}
                </section>
            </div>
        </div>
    }
}

fn figures(figures: &Figures, capacity: Option<i32>) -> impl IntoView + use<> {
    let seats = match capacity {
        Some(capacity) => format!("{} of {capacity} seats", figures.heads),
        None if figures.heads == 1 => "1 seat".to_owned(),
        None => format!("{} seats", figures.heads),
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
            {figure("invited", "Invited", figures.invited, format!("of {} on the list", figures.guests))}
            {figure("opened", "Opened", figures.opened, String::new())}
            {figure("attending", "Attending", figures.attending, seats)}
            {figure("maybe", "Maybe", figures.maybe, String::new())}
            {figure("declined", "Declined", figures.declined, String::new())}
            {figure("awaiting", "Awaiting", figures.awaiting, String::new())}
        </dl>
    }
}

fn feed(feed: &[Happening]) -> impl IntoView + use<> {
    if feed.is_empty() {
        return view! { <p>"Nothing yet. Invite somebody, and it shows here."</p> }.into_any();
    }
    let items = feed
        .iter()
        .map(|happening| {
            view! {
                <li class="feed-item" data-kind=happening.what.key()>
                    <span>{words(happening)}</span>
                    <time datetime=happening.iso.clone()>{happening.at.clone()}</time>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="feed">{items}</ol> }.into_any()
}

fn words(happening: &Happening) -> String {
    let who = &happening.guest;
    match happening.what {
        What::Invited(1) => format!("{who} was invited"),
        What::Invited(n) => format!("{n} guests were invited"),
        What::Opened => format!("{who} opened the invitation"),
        What::Failed => format!("The invitation to {who} could not be delivered"),
        What::Answered { answer: Answer::Attending, heads: 1 } => format!("{who} is coming"),
        What::Answered { answer: Answer::Attending, heads } => format!("{who} is coming, {heads} in all"),
        What::Answered { answer: Answer::Maybe, .. } => format!("{who} said maybe"),
        What::Answered { answer: Answer::Declined, .. } => format!("{who} can't come"),
    }
}
