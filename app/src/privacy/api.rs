use guestguard::{
    ids::Token,
    notifications::Channel,
    privacy::{CorrectionForm, DeletionForm},
    problem::Problem,
};
use leptos::prelude::*;

/// The host agrees to the terms and the privacy policy as they are now.
#[server(endpoint = "privacy/accept")]
pub async fn accept() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::privacy::actions::accept(&backend, &host).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::TermsAccepted), "/dashboard").await
}

/// Asks for everything that the account keeps to be prepared.
#[server(endpoint = "privacy/ask-for-export")]
pub async fn ask_for_export() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Exports).await?;
    crate::ssr::reply(guestguard::privacy::export::ask(&backend, &host).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::ExportAsked), "/dashboard/account").await
}

/// Deletes the account with all that it keeps.
#[server(endpoint = "privacy/delete-account")]
pub async fn delete_account(form: DeletionForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::privacy::actions::delete_account(&backend, &host, &form).await)?;
    crate::ssr::forget_session().await?;
    crate::ssr::done(Some(crate::ui::flash::Notice::AccountDeleted), "/sign-in").await
}

/// A guest puts right what is known of them.
#[server(endpoint = "privacy/correct")]
pub async fn correct(token: Token, form: CorrectionForm) -> Result<(), Problem> {
    let (backend, guest) = crate::ssr::guest_within(&token, crate::ssr::ANSWERING).await?;
    crate::ssr::reply(guestguard::privacy::actions::correct(&backend, &guest, &form).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::Corrected), &super::data_page(&token)).await
}

/// A guest stops one way by which their host writes to them.
#[server(endpoint = "privacy/stop-channel")]
pub async fn stop_channel(token: Token, channel: Channel) -> Result<(), Problem> {
    let (backend, guest) = crate::ssr::guest_within(&token, crate::ssr::ANSWERING).await?;
    crate::ssr::reply(guestguard::privacy::actions::stop_channel(&backend, &guest, channel).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::ChannelStopped), &super::data_page(&token)).await
}

/// A guest erases themselves.
#[server(endpoint = "privacy/erase")]
pub async fn erase(token: Token) -> Result<(), Problem> {
    let (backend, guest) = crate::ssr::guest_within(&token, crate::ssr::ANSWERING).await?;
    crate::ssr::reply(guestguard::privacy::actions::erase(&backend, &guest).await)?;
    // Where the link led, they read that nothing is left.
    crate::ssr::done(None, &format!("/i/{}", token.0)).await
}
