use guestguard::{
    ids::{EventId, GuestId},
    invitations::by_hand::{Channel, Outcome, TextForm},
    problem::Problem,
};
use leptos::prelude::*;

/// Invites these guests, as far as they are not invited yet.
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

/// Invites everybody who is not invited yet.
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
    crate::ssr::done(Some(crate::ui::flash::Notice::Resent), &page).await
}

/// Replaces a guest's link.
#[server(endpoint = "invitations/rotate")]
pub async fn rotate(event: EventId, guest: GuestId, #[server(default)] onwards: Option<String>) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Invitations).await?;
    crate::ssr::reply(guestguard::invitations::actions::rotate(&backend, &host, event, guest).await)?;
    let page = onwards.unwrap_or_else(|| format!("/dashboard/events/{event}/guests/{guest}"));
    crate::ssr::done(Some(crate::ui::flash::Notice::Rotated), &page).await
}

/// Notes what the host did about a link that they hand over themselves, and goes on to the next guest.
#[server(endpoint = "invitations/hand-over")]
pub async fn hand_over(
    event: EventId,
    guest: GuestId,
    outcome: Outcome,
    #[server(default)] channel: Channel,
    #[server(default)] who: String,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    let marked = guestguard::invitations::by_hand::mark(&backend, &host, event, guest, channel, outcome).await;
    crate::ssr::reply(marked)?;
    let who = guestguard::invitations::by_hand::Who::of_key(&who).key();
    crate::ssr::done(None, &format!("/dashboard/events/{event}/invite/by-hand?who={who}")).await
}

/// Chooses the words of the messages that the host sends themselves.
#[server(endpoint = "invitations/words")]
pub async fn words(event: EventId, form: TextForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Guests).await?;
    crate::ssr::reply(guestguard::invitations::by_hand::set_text(&backend, &host, event, &form).await)?;
    let notice = crate::ui::flash::Notice::EventSaved;
    crate::ssr::done(Some(notice), &format!("/dashboard/events/{event}/invite/by-hand")).await
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
    let notice = crate::ui::flash::Notice::Invited(issued);
    let page = onwards.unwrap_or_else(|| match issued.messages < issued.links {
        true => format!("/dashboard/events/{event}/invite"),
        false => format!("/dashboard/events/{event}/guests"),
    });
    crate::ssr::done(Some(notice), &page).await
}
