use guestguard::{events::EventForm, ids::EventId, problem::Problem};
use leptos::prelude::*;

/// Plans an event.
#[server(endpoint = "events/create")]
pub async fn create(form: EventForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Events).await?;
    let id = crate::ssr::reply(guestguard::events::actions::create(&backend, &host, &form).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::EventCreated), &format!("/dashboard/events/{id}")).await
}

/// Changes an event.
#[server(endpoint = "events/edit")]
pub async fn edit(event: EventId, form: EventForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Events).await?;
    crate::ssr::reply(guestguard::events::actions::edit(&backend, &host, event, &form).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::EventSaved), &format!("/dashboard/events/{event}")).await
}

/// Calls an event off.
#[server(endpoint = "events/cancel")]
pub async fn cancel(event: EventId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Events).await?;
    crate::ssr::reply(guestguard::events::actions::cancel(&backend, &host, event).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::EventCancelled), &format!("/dashboard/events/{event}")).await
}

/// Deletes an event with everything that belongs to it.
#[server(endpoint = "events/delete")]
pub async fn delete(event: EventId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Events).await?;
    crate::ssr::reply(guestguard::events::actions::delete(&backend, &host, event).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::EventDeleted), "/dashboard").await
}
