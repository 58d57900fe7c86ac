//! Server functions of privacy.

use guestguard::{
    ids::Token,
    notifications::Channel,
    privacy::{CorrectionForm, DeletionForm},
    problem::Problem,
};
use leptos::prelude::*;

/// Accepts the current terms and privacy policy.
#[server(endpoint = "privacy/accept")]
pub async fn accept() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::privacy::actions::accept(&backend, &host).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::TermsAccepted), "/dashboard").await
}

/// Requests a prepared export.
#[server(endpoint = "privacy/request-export")]
pub async fn request_export() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Exports).await?;
    crate::ssr::reply(guestguard::privacy::export::request(&backend, &host).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::ExportRequested), "/dashboard/account").await
}

/// Deletes the account.
#[server(endpoint = "privacy/delete-account")]
pub async fn delete_account(form: DeletionForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::privacy::actions::delete_account(&backend, &host, &form).await)?;
    crate::ssr::forget_session().await?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::AccountDeleted), "/sign-in").await
}

/// A guest corrects their data.
#[server(endpoint = "privacy/correct")]
pub async fn correct(token: Token, form: CorrectionForm) -> Result<(), Problem> {
    let (backend, guest) = crate::ssr::guest_within(&token, crate::ssr::ANSWERING).await?;
    crate::ssr::reply(guestguard::privacy::actions::correct(&backend, &guest, &form).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::Corrected), &super::data_page(&token)).await
}

/// A guest unsubscribes from one channel.
#[server(endpoint = "privacy/stop-channel")]
pub async fn stop_channel(token: Token, channel: Channel) -> Result<(), Problem> {
    let (backend, guest) = crate::ssr::guest_within(&token, crate::ssr::ANSWERING).await?;
    crate::ssr::reply(guestguard::privacy::actions::stop_channel(&backend, &guest, channel).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::ChannelStopped), &super::data_page(&token)).await
}

/// A guest erases themselves.
#[server(endpoint = "privacy/erase")]
pub async fn erase(token: Token) -> Result<(), Problem> {
    let (backend, guest) = crate::ssr::guest_within(&token, crate::ssr::ANSWERING).await?;
    crate::ssr::reply(guestguard::privacy::actions::erase(&backend, &guest).await)?;
    // Their link now says that the data is deleted.
    crate::ssr::redirect(None, &format!("/i/{}", token.0)).await
}
