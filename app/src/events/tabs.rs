//! What every page of an event shares: look-up, breadcrumbs and tabs.

use guestguard::{
    actors::Host,
    backend::Backend,
    events::{self, Event},
    ids::EventId,
    problem::Problem,
};
use leptos::prelude::*;

use crate::ssr;

/// The event id in the path; a malformed one is a 404.
pub fn event_in_path() -> Result<EventId, Problem> {
    ssr::path_part("event").and_then(|id| id.parse().ok()).ok_or(Problem::NotFound)
}

/// The signed-in host and their event in the path.
pub async fn host_and_event() -> Result<(Backend, Host, Event), Problem> {
    let id = event_in_path()?;
    let (backend, host) = ssr::host().await?;
    let event = ssr::reply(events::queries::event(&backend.db, &host, id).await)?;
    Ok((backend, host, event))
}

/// Breadcrumbs of a page of `event`.
pub fn crumbs(event: &Event) -> Vec<(String, String)> {
    vec![("/dashboard".into(), "Events".into()), (format!("/dashboard/events/{}", event.id), event.title.clone())]
}

#[component]
pub fn EventTabs(event: EventId, current: &'static str) -> impl IntoView {
    let tabs = [("", "Overview"), ("/guests", "Guests"), ("/messages", "Messages"), ("/edit", "Settings")];
    view! {
        <nav class="tabs" aria-label="Event">
            {tabs
                .into_iter()
                .map(|(path, name)| {
                    view! {
                        <a
                            href=format!("/dashboard/events/{event}{path}")
                            aria-current=(name == current).then_some("page")
                        >
                            {name}
                        </a>
                    }
                })
                .collect_view()}
        </nav>
    }
}
