use guestguard::{
    ids::{EventId, GuestId, ReminderId},
    notifications::{
        ladder::{self, LadderForm},
        reminders::{self, RuleForm},
        wording::{self, KINDS, Wording},
    },
    problem::Problem,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A guest's address, as a host types it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AddressForm {
    pub address: String,
}

/// Puts a guest's address right and sends the invitation there.
#[server(endpoint = "notifications/correct")]
pub async fn correct(event: EventId, guest: GuestId, form: AddressForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Invitations).await?;
    let AddressForm { address } = form;
    let sent = guestguard::invitations::actions::correct_and_resend(&backend, &host, event, guest, &address).await;
    crate::ssr::reply(sent)?;
    let notice = crate::ssr::flash::Notice::Resent;
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/messages")).await
}

/// Tells guests how the event is now.
#[server(endpoint = "notifications/tell")]
pub async fn tell(event: EventId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Invitations).await?;
    let told = crate::ssr::reply(guestguard::notifications::telling::tell(&backend, &host, event).await)?;
    let notice = crate::ssr::flash::Notice::GuestsNotified(told);
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/messages")).await
}

/// Chooses the words of one kind of message, and perhaps sends the host one with them.
#[server(endpoint = "notifications/set-words")]
pub async fn set_words(
    event: EventId,
    kind: String,
    form: Wording,
    #[server(default)] test: bool,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Invitations).await?;
    let kind = KINDS.into_iter().find(|known| known.key() == kind).ok_or(Problem::NotFound)?;
    crate::ssr::reply(wording::set(&backend, &host, event, kind, &form).await)?;
    if test {
        crate::ssr::reply(wording::send_test(&backend, &host, event, kind, &form).await)?;
    }
    let notice = if test { crate::ssr::flash::Notice::TestSent } else { crate::ssr::flash::Notice::TemplatesSaved };
    let page = format!("/dashboard/events/{event}/messages/words?kind={}", kind.key());
    crate::ssr::redirect(Some(notice), &page).await
}

/// Adds a reminder.
#[server(endpoint = "notifications/add-reminder")]
pub async fn add_reminder(event: EventId, form: RuleForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    crate::ssr::reply(reminders::add(&backend, &host, event, &form).await)?;
    crate::ssr::redirect(None, &format!("/dashboard/events/{event}/messages/reminders")).await
}

/// Turns a reminder on or off.
#[server(endpoint = "notifications/switch-reminder")]
pub async fn switch_reminder(event: EventId, reminder: ReminderId, #[server(default)] on: bool) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    crate::ssr::reply(reminders::switch(&backend, &host, event, reminder, on).await)?;
    crate::ssr::redirect(None, &format!("/dashboard/events/{event}/messages/reminders")).await
}

/// Takes a reminder away.
#[server(endpoint = "notifications/remove-reminder")]
pub async fn remove_reminder(event: EventId, reminder: ReminderId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    crate::ssr::reply(reminders::remove(&backend, &host, event, reminder).await)?;
    crate::ssr::redirect(None, &format!("/dashboard/events/{event}/messages/reminders")).await
}

/// Chooses when text messages follow mails.
#[server(endpoint = "notifications/set-ladder")]
pub async fn set_ladder(event: EventId, form: LadderForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    crate::ssr::reply(ladder::set(&backend, &host, event, &form).await)?;
    let notice = crate::ssr::flash::Notice::SmsFallbackSaved;
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/messages/texts")).await
}
