use guestguard::{
    auth::{SignInForm, SignUpForm},
    problem::Problem,
};
use leptos::prelude::*;

/// Opens an account and signs this browser in.
#[server(endpoint = "auth/sign-up")]
pub async fn sign_up(form: SignUpForm, #[server(default)] next: String) -> Result<(), Problem> {
    let backend = crate::ssr::anyone()?;
    let host = crate::ssr::reply(guestguard::auth::actions::sign_up(&backend, form).await)?;
    crate::ssr::start_session(&host).await?;
    crate::ssr::done(None, crate::ssr::local_path(&next).unwrap_or("/dashboard")).await
}

/// Signs this browser in and goes on to `next`, if that is a page of ours.
#[server(endpoint = "auth/sign-in")]
pub async fn sign_in(form: SignInForm, #[server(default)] next: String) -> Result<(), Problem> {
    let backend = crate::ssr::anyone()?;
    let host = crate::ssr::reply(guestguard::auth::actions::sign_in(&backend, form).await)?;
    crate::ssr::start_session(&host).await?;
    crate::ssr::done(None, crate::ssr::local_path(&next).unwrap_or("/dashboard")).await
}

/// Signs this browser out.
#[server(endpoint = "auth/sign-out")]
pub async fn sign_out() -> Result<(), Problem> {
    crate::ssr::end_session().await?;
    crate::ssr::done(Some(crate::ui::flash::Notice::SignedOut), "/sign-in").await
}
