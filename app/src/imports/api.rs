//! Import server functions.

use guestguard::{
    guests::GuestForm,
    ids::{EventId, ImportId},
    imports::ColumnMapping,
    problem::Problem,
};
use leptos::prelude::*;

#[server(endpoint = "imports/set-mapping")]
pub async fn set_mapping(event: EventId, import: ImportId, form: ColumnMapping) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::imports::actions::set_mapping(&backend, &host, event, import, &form).await)?;
    crate::ssr::redirect(None, &page(event, import)).await
}

#[server(endpoint = "imports/correct-row")]
pub async fn correct_row(event: EventId, import: ImportId, line: i32, form: GuestForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    let corrected = guestguard::imports::actions::correct_row(&backend, &host, event, import, line, &form).await;
    crate::ssr::reply(corrected)?;
    crate::ssr::redirect(None, &format!("{}?show=attention", page(event, import))).await
}

/// Excludes rows from the import, or takes them back in.
#[server(endpoint = "imports/exclude-row")]
pub async fn exclude_row(
    event: EventId,
    import: ImportId,
    #[server(default)] lines: Vec<i32>,
    #[server(default)] exclude: bool,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    let excluded = guestguard::imports::actions::exclude_row(&backend, &host, event, import, &lines, exclude).await;
    crate::ssr::reply(excluded)?;
    crate::ssr::redirect(None, &page(event, import)).await
}

/// Includes rows although an earlier one has their address.
#[server(endpoint = "imports/include-row")]
pub async fn include_row(event: EventId, import: ImportId, #[server(default)] lines: Vec<i32>) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::imports::actions::include_row(&backend, &host, event, import, &lines).await)?;
    crate::ssr::redirect(None, &page(event, import)).await
}

/// `fit`: only the rows within the plan's limit.
#[server(endpoint = "imports/commit")]
pub async fn commit(event: EventId, import: ImportId, #[server(default)] fit: bool) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Imports).await?;
    crate::ssr::reply(guestguard::imports::actions::commit(&backend, &host, event, import, fit).await)?;
    crate::ssr::redirect(None, &page(event, import)).await
}

#[server(endpoint = "imports/undo")]
pub async fn undo(event: EventId, import: ImportId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Imports).await?;
    let undone = guestguard::imports::actions::undo(&backend, &host, event, import).await;
    let (back, kept) = crate::ssr::reply(undone)?;
    let notice = crate::ssr::flash::Notice::ImportUndone { back, kept };
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}

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
