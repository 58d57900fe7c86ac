//! The dashboard: all events of a host.

use chrono::{DateTime, Utc};
use guestguard::{
    actors::Host,
    billing::queries::{PaymentDue, overdue},
    events::queries::{Dashboard, EventLine, dashboard},
};
use leptos::{either::Either, prelude::*};

use crate::{
    billing::plan::Overdue,
    ssr,
    ui::{
        layout::{Frame, PageHead},
        page::page,
    },
};

#[component]
pub fn DashboardPage() -> impl IntoView {
    let load = async {
        let (backend, host) = ssr::host().await?;
        let events = ssr::reply(dashboard(&backend, &host).await)?;
        let overdue = ssr::reply(overdue(&backend, host.id()).await)?;
        Ok((host, events, overdue))
    };
    page(load, |(host, events, overdue)| view! { <Events host events overdue/> })
}

#[component]
fn Events(host: Host, events: Dashboard, overdue: Option<PaymentDue>) -> impl IntoView {
    let Dashboard { upcoming, past, now } = events;
    let first_name = host.name().split_whitespace().next().unwrap_or_default().to_owned();
    let empty = upcoming.is_empty() && past.is_empty();
    view! {
        <Frame host=Some(host)>
            {overdue.map(|due| view! { <Overdue due/> })}
            {if empty {
                Either::Left(view! { <FirstSteps first_name/> })
            } else {
                Either::Right(
                    view! {
                        <PageHead title="Your events">
                            <a class="button button-primary" href="/dashboard/events/new">"Create event"</a>
                        </PageHead>
                        <EventList title="Upcoming" events=upcoming now empty="No upcoming events."/>
                        <EventList title="Past" events=past now empty=""/>
                    },
                )
            }}
        </Frame>
    }
}

#[component]
fn FirstSteps(first_name: String) -> impl IntoView {
    view! {
        <leptos_meta::Title text="Your events"/>
        <section class="empty-state">
            <div class="empty-art" aria-hidden="true"></div>
            <h1>"Welcome, " {first_name}</h1>
            <p>"Your first event in three steps:"</p>
            <ol class="steps">
                <li><strong>"Create an event."</strong> " Add a title, a time and a place, and choose a design."</li>
                <li><strong>"Add guests."</strong> " Paste names and addresses, or import a file."</li>
                <li><strong>"Send the invitations."</strong> " Each guest gets a personal link, and you see replies live."</li>
            </ol>
            <div class="actions">
                <a class="button button-primary" href="/dashboard/events/new">"Create your first event"</a>
            </div>
        </section>
    }
}

#[component]
fn EventList(title: &'static str, events: Vec<EventLine>, now: DateTime<Utc>, empty: &'static str) -> impl IntoView {
    if events.is_empty() && empty.is_empty() {
        return ().into_any();
    }
    let cards = if events.is_empty() {
        view! { <p>{empty}</p> }.into_any()
    } else {
        let cards = events.into_iter().map(|line| view! { <EventCard line now/> }).collect_view();
        view! { <ul class="event-list">{cards}</ul> }.into_any()
    };
    view! {
        <section class="section">
            <h2>{title}</h2>
            {cards}
        </section>
    }
    .into_any()
}

#[component]
fn EventCard(line: EventLine, now: DateTime<Utc>) -> impl IntoView {
    let EventLine { event, figures } = line;
    let state = match (event.cancelled_at, event.is_past(now)) {
        (Some(_), _) => Some("cancelled"),
        (None, true) => Some("past"),
        (None, false) => None,
    };
    let badge =
        (state == Some("cancelled")).then(|| view! { <span class="badge" data-state="cancelled">"Cancelled"</span> });
    view! {
        <li class="event-card" data-theme=event.theme.into_str() data-state=state>
            <a href=format!("/dashboard/events/{}", event.id)>
                <h3>{event.title.clone()}</h3>
            </a>
            <p class="event-when">{event.short_when(now)} " " {badge}</p>
            {(!event.venue.is_empty()).then(|| view! { <p class="event-where">{event.venue.clone()}</p> })}
            <dl class="event-figures">
                <div><dt>"Guests"</dt><dd>{figures.guests}</dd></div>
                <div><dt>"Attending"</dt><dd>{figures.heads}</dd></div>
                <div><dt>"No reply yet"</dt><dd>{figures.awaiting}</dd></div>
            </dl>
        </li>
    }
}
