//! Server functions of accounts.

use guestguard::{
    auth::{AddressForm, EmailForm, PasswordForm, ReauthenticationForm, ResetForm, SignInForm, SignUpForm},
    ids::{SessionId, Token},
    problem::Problem,
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
const ACCOUNT: &str = "/dashboard/account";

/// Signs up; the email that follows explains the next step.
#[server(endpoint = "auth/sign-up")]
pub async fn sign_up(form: SignUpForm, #[server(default)] next: String) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::SignUp).await?;
    crate::ssr::reply(guestguard::auth::actions::sign_up(&backend, &form, &crate::ssr::device()).await)?;
    let notice = crate::ssr::flash::Notice::AccountCreated;
    crate::ssr::redirect(Some(notice), &super::sign_in::with_next("/sign-in", &next)).await
}

/// Signs in and redirects to `next` if that is a local path.
#[server(endpoint = "auth/sign-in")]
pub async fn sign_in(form: SignInForm, #[server(default)] next: String) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::SignIn).await?;
    let signed_in = guestguard::auth::actions::sign_in(&backend, &form, &crate::ssr::device()).await;
    crate::ssr::start_session(crate::ssr::reply(signed_in)?).await?;
    crate::ssr::redirect(None, crate::ssr::local_path(&next).unwrap_or("/dashboard")).await
}

/// Signs out.
#[server(endpoint = "auth/sign-out")]
pub async fn sign_out() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host().await?;
    crate::ssr::reply(guestguard::auth::actions::end_session(&backend, &host, host.session()).await)?;
    crate::ssr::forget_session().await?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::SignedOut), "/sign-in").await
}

/// Requests a password reset link.
#[server(endpoint = "auth/request-reset")]
pub async fn request_reset(form: EmailForm) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::AccountEmail).await?;
    crate::ssr::reply(guestguard::auth::actions::request_reset(&backend, &form, &crate::ssr::device()).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::EmailSent), "/forgot").await
}

/// Sets a new password by the link from an email, and signs in.
#[server(endpoint = "auth/reset")]
pub async fn reset(token: Token, form: ResetForm) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::AccountLink).await?;
    let reset = guestguard::auth::actions::reset_password(&backend, &token, &form, &crate::ssr::device()).await;
    crate::ssr::start_session(crate::ssr::reply(reset)?).await?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::PasswordSet), "/dashboard").await
}

/// Verifies the account's address by the link from an email.
#[server(endpoint = "auth/verify")]
pub async fn verify(token: Token) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::AccountLink).await?;
    crate::ssr::reply(guestguard::auth::actions::verify(&backend, &token, &crate::ssr::device()).await)?;
    let onwards = if crate::ssr::host().await.is_ok() { "/dashboard" } else { "/sign-in" };
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::Verified), onwards).await
}

/// Confirms a change of address by the link from an email.
#[server(endpoint = "auth/confirm-new-address")]
pub async fn confirm_new_address(token: Token) -> Result<(), Problem> {
    let backend = crate::ssr::anyone_within(guestguard::rate_limits::Limit::AccountLink).await?;
    let confirmed = guestguard::auth::actions::confirm_new_address(&backend, &token, &crate::ssr::device()).await;
    let notice = match crate::ssr::reply(confirmed)? {
        true => crate::ssr::flash::Notice::AddressChanged,
        false => crate::ssr::flash::Notice::AddressChangePending,
    };
    crate::ssr::redirect(Some(notice), "/sign-in").await
}

/// Resends the verification email.
#[server(endpoint = "auth/request-verification")]
pub async fn request_verification() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::request_verification(&backend, &host).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::VerificationSent), ACCOUNT).await
}

/// Changes the password; ends all other sessions and rotates this one's cookie.
#[server(endpoint = "auth/change-password")]
pub async fn change_password(form: PasswordForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::change_password(&backend, &host, &form).await)?;
    crate::ssr::renew_cookie().await?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::PasswordChanged), ACCOUNT).await
}

/// Re-authenticates, then redirects to `onwards`.
#[server(endpoint = "auth/reauthenticate")]
pub async fn reauthenticate(form: ReauthenticationForm, #[server(default)] onwards: String) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::reauthenticate(&backend, &host, &form).await)?;
    let page = crate::ssr::local_path(&onwards).unwrap_or(ACCOUNT);
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::Reauthenticated), page).await
}

/// Starts a change of address.
#[server(endpoint = "auth/change-address")]
pub async fn change_address(form: AddressForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::change_address(&backend, &host, &form).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::AddressChangeRequested), ACCOUNT).await
}

/// Signs another browser of the host out.
#[server(endpoint = "auth/end-session")]
pub async fn end_session(session: SessionId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::end_session(&backend, &host, session).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::SessionEnded), ACCOUNT).await
}

/// Ends all other sessions.
#[server(endpoint = "auth/end-other-sessions")]
pub async fn end_other_sessions() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::auth::actions::end_other_sessions(&backend, &host).await)?;
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::SessionEnded), ACCOUNT).await
}
