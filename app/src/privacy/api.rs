use guestguard::problem::Problem;
use leptos::prelude::*;

/// The host agrees to the terms and the privacy policy as they are now.
#[server(endpoint = "privacy/accept")]
pub async fn accept() -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Account).await?;
    crate::ssr::reply(guestguard::privacy::actions::accept(&backend, &host).await)?;
    crate::ssr::done(Some(crate::ui::flash::Notice::TermsAccepted), "/dashboard").await
}
