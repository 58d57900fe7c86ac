use guestguard::{
    auth::{AddressForm, MailForm, PasswordForm, ProofForm, ResetForm, SignInForm, SignUpForm},
    ids::{SessionId, Token},
    problem::Problem,
};
use leptos::prelude::*;

/// The host's own page.
#[cfg(feature = "ssr")]
const ACCOUNT: &str = "/dashboard/account";

/// Opens an account; the mail that follows says how it goes on.
#[server(endpoint = "auth/sign-up")]
pub async fn sign_up(form: SignUpForm, #[server(default)] next: String) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::SignUp).await?;
    crate::ssr::reply(guestguard::auth::actions::sign_up(&backend, &form, &crate::ssr::device()).await)?;
    let notice = crate::ui::flash::Notice::AccountOpened;
    crate::ssr::done(Some(notice), &super::sign_in::with_next("/sign-in", &next)).await
}

/// Signs this browser in and goes on to `next`, if that is a page of ours.
#[server(endpoint = "auth/sign-in")]
pub async fn sign_in(form: SignInForm, #[server(default)] next: String) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::SignIn).await?;
    let signed_in = guestguard::auth::actions::sign_in(&backend, &form, &crate::ssr::device()).await;
    crate::ssr::start_session(crate::ssr::reply(signed_in)?).await?;
    crate::ssr::done(None, crate::ssr::local_path(&next).unwrap_or("/dashboard")).await
}

/// Signs this browser out.
#[server(endpoint = "auth/sign-out")]
pub async fn sign_out() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host().await?;
    crate::ssr::reply(guestguard::auth::actions::end_session(&backend, &host, host.session()).await)?;
    crate::ssr::forget_session().await?;
    crate::ssr::done(Some(crate::ui::flash::Notice::SignedOut), "/sign-in").await
}

/// Asks for a link with which to set a new password.
#[server(endpoint = "auth/ask-for-reset")]
pub async fn ask_for_reset(form: MailForm) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::AccountEmail).await?;
    crate::ssr::reply(guestguard::auth::actions::ask_for_reset(&backend, &form, &crate::ssr::device()).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::MailOnItsWay), "/forgot").await
}

/// Sets a new password with the link from a mail, and signs this browser in.
#[server(endpoint = "auth/reset")]
pub async fn reset(token: Token, form: ResetForm) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::AccountLink).await?;
    let reset = guestguard::auth::actions::reset_password(&backend, &token, &form, &crate::ssr::device()).await;
    crate::ssr::start_session(crate::ssr::reply(reset)?).await?;
    crate::ssr::done(Some(crate::ui::flash::Notice::PasswordSet), "/dashboard").await
}

/// Proves the account's address with the link from a mail.
#[server(endpoint = "auth/verify")]
pub async fn verify(token: Token) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::AccountLink).await?;
    crate::ssr::reply(guestguard::auth::actions::verify(&backend, &token, &crate::ssr::device()).await)?;
    let onwards = if crate::ssr::host().await.is_ok() { "/dashboard" } else { "/sign-in" };
    crate::ssr::done(Some(crate::ui::flash::Notice::Verified), onwards).await
}

/// Agrees, with the link from a mail, that the account moves to another address.
#[server(endpoint = "auth/agree-to-new-address")]
pub async fn agree_to_new_address(token: Token) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::AccountLink).await?;
    let agreed = guestguard::auth::actions::agree_to_new_address(&backend, &token, &crate::ssr::device()).await;
    let notice = match crate::ssr::reply(agreed)? {
        true => crate::ui::flash::Notice::AddressChanged,
        false => crate::ui::flash::Notice::AddressHalfAgreed,
    };
    crate::ssr::done(Some(notice), "/sign-in").await
}

/// Asks for another link with which to prove the host's address.
#[server(endpoint = "auth/ask-for-verification")]
pub async fn ask_for_verification() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::ask_for_verification(&backend, &host).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::MailOnItsWay), ACCOUNT).await
}

/// Sets another password; all other browsers are signed out, and this one gets a new cookie.
#[server(endpoint = "auth/change-password")]
pub async fn change_password(form: PasswordForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::change_password(&backend, &host, &form).await)?;
    crate::ssr::renew_cookie().await?;
    crate::ssr::done(Some(crate::ui::flash::Notice::PasswordChanged), ACCOUNT).await
}

/// The host types their password again, and goes on to `onwards`.
#[server(endpoint = "auth/prove")]
pub async fn prove(form: ProofForm, #[server(default)] onwards: String) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::prove(&backend, &host, &form).await)?;
    let page = crate::ssr::local_path(&onwards).unwrap_or(ACCOUNT);
    crate::ssr::done(Some(crate::ui::flash::Notice::Proven), page).await
}

/// Begins to move the account to another address.
#[server(endpoint = "auth/change-address")]
pub async fn change_address(form: AddressForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::change_address(&backend, &host, &form).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::AddressChangeBegun), ACCOUNT).await
}

/// Signs another browser of the host out.
#[server(endpoint = "auth/end-session")]
pub async fn end_session(session: SessionId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::end_session(&backend, &host, session).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::SessionEnded), ACCOUNT).await
}

/// Signs all other browsers of the host out.
#[server(endpoint = "auth/end-other-sessions")]
pub async fn end_other_sessions() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::end_other_sessions(&backend, &host).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::SessionEnded), ACCOUNT).await
}
