//! Server functions of events.

use guestguard::{events::EventForm, ids::EventId, problem::Problem};
use leptos::prelude::*;

/// Creates an event.
#[server(endpoint = "events/create")]
pub async fn create(form: EventForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    let id = crate::ssr::reply(guestguard::events::actions::create(&backend, &host, &form).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::EventCreated), &format!("/dashboard/events/{id}")).await
}

/// Changes an event.
#[server(endpoint = "events/edit")]
pub async fn edit(event: EventId, form: EventForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    let matters = crate::ssr::reply(guestguard::events::actions::edit(&backend, &host, event, &form).await)?;
    let page = match matters {
        true => onwards(&backend, &host, event).await?,
        false => format!("/dashboard/events/{event}"),
    };
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::EventSaved), &page).await
}

/// Cancels an event.
#[server(endpoint = "events/cancel")]
pub async fn cancel(event: EventId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    crate::ssr::reply(guestguard::events::actions::cancel(&backend, &host, event).await)?;
    let page = onwards(&backend, &host, event).await?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::EventCancelled), &page).await
}

/// The page after a change: the question whether to notify guests, if an email would reach any.
#[cfg(feature = "ssr")]
async fn onwards(
    backend: &guestguard::backend::Backend,
    host: &guestguard::actors::Host,
    event: EventId,
) -> Result<String, Problem> {
    let audience =
        crate::ssr::reply(guestguard::notifications::campaigns::event_updates::audience(backend, host, event).await)?;
    let ask = audience.by_email > 0 && !audience.event.is_past(backend.clock.now());
    Ok(format!("/dashboard/events/{event}{}", if ask { "/notify" } else { "" }))
}

/// Deletes an event with everything that belongs to it.
#[server(endpoint = "events/delete")]
pub async fn delete(event: EventId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    crate::ssr::reply(guestguard::events::actions::delete(&backend, &host, event).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::EventDeleted), "/dashboard").await
}
