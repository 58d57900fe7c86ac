use guestguard::{
    ids::{EventId, GuestId},
    problem::Problem,
};
use leptos::prelude::*;

/// Invites these guests, as far as they are not invited yet.
#[server(endpoint = "invitations/issue")]
pub async fn issue(
    event: EventId,
    #[server(default)] ids: Vec<GuestId>,
    #[server(default)] fitting: Option<String>,
    #[server(default)] all: bool,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host().await?;
    let ids = crate::guests::api::picked(&backend, &host, event, ids, fitting.filter(|_| all)).await?;
    send(event, guestguard::invitations::Selection::Only(ids)).await
}

/// Invites everybody who is not invited yet.
#[server(endpoint = "invitations/issue-all")]
pub async fn issue_all(event: EventId) -> Result<(), Problem> {
    send(event, guestguard::invitations::Selection::All).await
}

/// Sends a guest's link again.
#[server(endpoint = "invitations/resend")]
pub async fn resend(event: EventId, guest: GuestId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Invitations).await?;
    crate::ssr::reply(guestguard::invitations::actions::resend(&backend, &host, event, guest).await)?;
    let page = format!("/dashboard/events/{event}/guests/{guest}");
    crate::ssr::done(Some(crate::ui::flash::Notice::Resent), &page).await
}

/// Replaces a guest's link.
#[server(endpoint = "invitations/rotate")]
pub async fn rotate(event: EventId, guest: GuestId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Invitations).await?;
    crate::ssr::reply(guestguard::invitations::actions::rotate(&backend, &host, event, guest).await)?;
    let page = format!("/dashboard/events/{event}/guests/{guest}");
    crate::ssr::done(Some(crate::ui::flash::Notice::Rotated), &page).await
}

#[cfg(feature = "ssr")]
async fn send(event: EventId, selection: guestguard::invitations::Selection) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::limits::Limit::Invitations).await?;
    let issued = guestguard::invitations::actions::issue(&backend, &host, event, &selection).await;
    let issued = crate::ssr::reply(issued)?;
    let notice = crate::ui::flash::Notice::Invited { links: issued.links, messages: issued.messages };
    crate::ssr::done(Some(notice), &format!("/dashboard/events/{event}/guests")).await
}
