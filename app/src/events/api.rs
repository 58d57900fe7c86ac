use guestguard::{events::EventForm, ids::EventId, problem::Problem};
use leptos::prelude::*;

/// Plans an event.
#[server(endpoint = "events/create")]
pub async fn create(form: EventForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    let id = crate::ssr::reply(guestguard::events::actions::create(&backend, &host, &form).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::EventCreated), &format!("/dashboard/events/{id}")).await
}

/// Changes an event.
#[server(endpoint = "events/edit")]
pub async fn edit(event: EventId, form: EventForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    let news = crate::ssr::reply(guestguard::events::actions::edit(&backend, &host, event, &form).await)?;
    let page = match news {
        true => onwards(&backend, &host, event).await?,
        false => format!("/dashboard/events/{event}"),
    };
    crate::ssr::done(Some(crate::ui::flash::Notice::EventSaved), &page).await
}

/// Calls an event off.
#[server(endpoint = "events/cancel")]
pub async fn cancel(event: EventId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    crate::ssr::reply(guestguard::events::actions::cancel(&backend, &host, event).await)?;
    let page = onwards(&backend, &host, event).await?;
    crate::ssr::done(Some(crate::ui::flash::Notice::EventCancelled), &page).await
}

/// Where news about an event lead: to the question whether guests are to be told, where there is anybody to tell.
#[cfg(feature = "ssr")]
async fn onwards(
    backend: &guestguard::backend::Backend,
    host: &guestguard::auth::Host,
    event: EventId,
) -> Result<String, Problem> {
    let telling = crate::ssr::reply(guestguard::notifications::telling::telling(backend, host, event).await)?;
    let ask = telling.by_mail > 0 && !telling.event.is_past(backend.clock.now());
    Ok(format!("/dashboard/events/{event}{}", if ask { "/tell" } else { "" }))
}

/// Deletes an event with everything that belongs to it.
#[server(endpoint = "events/delete")]
pub async fn delete(event: EventId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    crate::ssr::reply(guestguard::events::actions::delete(&backend, &host, event).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::EventDeleted), "/dashboard").await
}
