//! Server functions of invitations.

use guestguard::{
    ids::{EventId, GuestId},
    invitations::manual_delivery::{Audience, DeliveryChannel, DeliveryOutcome, ManualMessageForm},
    problem::Problem,
};
use leptos::prelude::*;

/// Invites those of these guests who are not invited yet.
#[server(endpoint = "invitations/issue")]
pub async fn issue(
    event: EventId,
    #[server(default)] ids: Vec<GuestId>,
    #[server(default)] fitting: String,
    #[server(default)] all: bool,
    #[server(default)] onwards: Option<String>,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host().await?;
    let ids = crate::guests::api::picked(&backend, &host, event, ids, all.then_some(fitting)).await?;
    send(event, guestguard::invitations::Selection::Only(ids), onwards).await
}

/// Invites every guest who is not invited yet.
#[server(endpoint = "invitations/issue-all")]
pub async fn issue_all(event: EventId) -> Result<(), Problem> {
    send(event, guestguard::invitations::Selection::All, None).await
}

/// Sends a guest's link again.
#[server(endpoint = "invitations/resend")]
pub async fn resend(event: EventId, guest: GuestId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Invitations).await?;
    crate::ssr::reply(guestguard::invitations::actions::resend(&backend, &host, event, guest).await)?;
    let page = format!("/dashboard/events/{event}/guests/{guest}");
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::Resent), &page).await
}

/// Resets a guest's link.
#[server(endpoint = "invitations/rotate")]
pub async fn rotate(event: EventId, guest: GuestId, #[server(default)] onwards: Option<String>) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Invitations).await?;
    crate::ssr::reply(guestguard::invitations::actions::rotate(&backend, &host, event, guest).await)?;
    let page = onwards.unwrap_or_else(|| format!("/dashboard/events/{event}/guests/{guest}"));
    crate::ssr::redirect(Some(crate::ssr::flash::Notice::LinkReset), &page).await
}

/// Marks a link as sent or skipped, and goes on to the next guest.
#[server(endpoint = "invitations/mark-sent")]
pub async fn mark_sent(
    event: EventId,
    guest: GuestId,
    outcome: DeliveryOutcome,
    #[server(default)] channel: DeliveryChannel,
    #[server(default)] audience: Audience,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    let marked =
        guestguard::invitations::manual_delivery::mark_sent(&backend, &host, event, guest, channel, outcome).await;
    crate::ssr::reply(marked)?;
    let page = format!("/dashboard/events/{event}/invite/share?audience={}", audience.into_str());
    crate::ssr::redirect(None, &page).await
}

/// Sets the text of the messages that the host sends.
#[server(endpoint = "invitations/set-message")]
pub async fn set_message(event: EventId, form: ManualMessageForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::invitations::manual_delivery::set_message(&backend, &host, event, &form).await)?;
    let notice = crate::ssr::flash::Notice::EventSaved;
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/invite/share")).await
}

#[cfg(feature = "ssr")]
async fn send(
    event: EventId,
    selection: guestguard::invitations::Selection,
    onwards: Option<String>,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Invitations).await?;
    let issued = guestguard::invitations::actions::issue(&backend, &host, event, &selection).await;
    let issued = crate::ssr::reply(issued)?;
    let notice = crate::ssr::flash::Notice::Invited(issued);
    let page = onwards.unwrap_or_else(|| match issued.messages < issued.links {
        true => format!("/dashboard/events/{event}/invite"),
        false => format!("/dashboard/events/{event}/guests"),
    });
    crate::ssr::redirect(Some(notice), &page).await
}
