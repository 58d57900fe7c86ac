//! Server functions of the message pages.

use guestguard::{
    ids::{EventId, GuestId, ReminderId},
    notifications::{
        GuestMessage,
        campaigns::{
            event_updates,
            reminders::{self, ReminderForm},
            sms_fallback::{self, SmsFallbackForm},
        },
        templates::message_templates::{self, MessageTemplate},
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

/// Corrects a guest's address and sends the invitation there.
#[server(endpoint = "notifications/correct")]
pub async fn correct(event: EventId, guest: GuestId, form: AddressForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Invitations).await?;
    let AddressForm { address } = form;
    let sent = guestguard::invitations::actions::correct_and_resend(&backend, &host, event, guest, &address).await;
    crate::ssr::reply(sent)?;
    let notice = crate::ssr::flash::Notice::Resent;
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/messages")).await
}

/// Sends an event update to all guests.
#[server(endpoint = "notifications/notify-guests")]
pub async fn notify_guests(event: EventId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Invitations).await?;
    let sent = crate::ssr::reply(event_updates::notify_guests(&backend, &host, event).await)?;
    let notice = crate::ssr::flash::Notice::GuestsNotified(sent);
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/messages")).await
}

/// Saves the template of one kind of message, and sends the host a test if they want one.
#[server(endpoint = "notifications/set-template")]
pub async fn set_template(
    event: EventId,
    kind: String,
    form: MessageTemplate,
    #[server(default)] test: bool,
) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Invitations).await?;
    let message: GuestMessage = kind.parse().map_err(|_| Problem::NotFound)?;
    crate::ssr::reply(message_templates::set(&backend, &host, event, message, &form).await)?;
    if test {
        crate::ssr::reply(message_templates::send_test(&backend, &host, event, message, &form).await)?;
    }
    let notice = if test { crate::ssr::flash::Notice::TestSent } else { crate::ssr::flash::Notice::TemplatesSaved };
    let page = format!("/dashboard/events/{event}/messages/templates?kind={}", message.into_str());
    crate::ssr::redirect(Some(notice), &page).await
}

/// Adds a reminder.
#[server(endpoint = "notifications/add-reminder")]
pub async fn add_reminder(event: EventId, form: ReminderForm) -> Result<(), Problem> {
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

/// Removes a reminder.
#[server(endpoint = "notifications/remove-reminder")]
pub async fn remove_reminder(event: EventId, reminder: ReminderId) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    crate::ssr::reply(reminders::remove(&backend, &host, event, reminder).await)?;
    crate::ssr::redirect(None, &format!("/dashboard/events/{event}/messages/reminders")).await
}

/// Sets when a text message follows an email.
#[server(endpoint = "notifications/set-sms-fallback")]
pub async fn set_sms_fallback(event: EventId, form: SmsFallbackForm) -> Result<(), Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Events).await?;
    crate::ssr::reply(sms_fallback::set(&backend, &host, event, &form).await)?;
    let notice = crate::ssr::flash::Notice::SmsFallbackSaved;
    crate::ssr::redirect(Some(notice), &format!("/dashboard/events/{event}/messages/sms")).await
}
