use guestguard::{
    guests::GuestForm,
    ids::{EventId, ImportId},
    imports::Arrangement,
    problem::Problem,
};
use leptos::prelude::*;

/// Says what the columns of a file hold.
#[server(endpoint = "imports/arrange")]
pub async fn arrange(event: EventId, import: ImportId, form: Arrangement) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::imports::actions::arrange(&backend, &host, event, import, &form).await)?;
    crate::ssr::redirect(None, &page(event, import)).await
}

/// Puts what the host typed in place of what a line says.
#[server(endpoint = "imports/mend")]
pub async fn mend(event: EventId, import: ImportId, line: i32, form: GuestForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::imports::actions::mend(&backend, &host, event, import, line, &form).await)?;
    crate::ssr::redirect(None, &format!("{}?show=attention", page(event, import))).await
}

/// Leaves lines of a file out, or takes them in again.
#[server(endpoint = "imports/leave-out")]
pub async fn leave_out(
    event: EventId,
    import: ImportId,
    #[server(default)] lines: Vec<i32>,
    #[server(default)] out: bool,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::imports::actions::leave_out(&backend, &host, event, import, &lines, out).await)?;
    crate::ssr::redirect(None, &page(event, import)).await
}

/// Keeps lines of a file whose address stands further up.
#[server(endpoint = "imports/keep")]
pub async fn keep(event: EventId, import: ImportId, #[server(default)] lines: Vec<i32>) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::imports::actions::keep(&backend, &host, event, import, &lines).await)?;
    crate::ssr::redirect(None, &page(event, import)).await
}

/// Puts what is ready on the list; `fit` is given where only those are wanted that the plan has room for.
#[server(endpoint = "imports/commit")]
pub async fn commit(event: EventId, import: ImportId, #[server(default)] fit: bool) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Imports).await?;
    crate::ssr::reply(guestguard::imports::actions::commit(&backend, &host, event, import, fit).await)?;
    crate::ssr::redirect(None, &page(event, import)).await
}

/// Takes a committed import back.
#[server(endpoint = "imports/undo")]
pub async fn undo(event: EventId, import: ImportId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Imports).await?;
    let undone = guestguard::imports::actions::undo(&backend, &host, event, import).await;
    let (back, kept) = crate::ssr::reply(undone)?;
    let notice = crate::ssr::flash::Notice::ImportUndone { back, kept };
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}

/// Throws a file away before anybody was added.
#[server(endpoint = "imports/discard")]
pub async fn discard(event: EventId, import: ImportId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::imports::actions::discard(&backend, &host, event, import).await)?;
    crate::ssr::redirect(None, &format!("/dashboard/events/{event}/guests/import")).await
}

#[cfg(feature = "ssr")]
fn page(event: EventId, import: ImportId) -> String {
    format!("/dashboard/events/{event}/guests/import/{import}")
}
