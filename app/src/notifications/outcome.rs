//! Messages and what became of them, in words.

use guestguard::notifications::{GuestMessage, NotificationState, suppressions::Reason};

/// Why a message was not delivered: a suppression's reason, or the server's own text.
pub fn undelivered(reason: Option<&str>) -> String {
    let Some(reason) = reason else { return "The provider gave no reason.".into() };
    match reason.parse() {
        Ok(Reason::HardBounce) => "This address doesn't exist: an email to it bounced.".into(),
        Ok(Reason::SoftBounces) => "This mailbox was full or unavailable several times recently.".into(),
        Ok(Reason::Complaint) => "They marked an email as spam, so we no longer write to them.".into(),
        Ok(Reason::Unsubscribed) => "They unsubscribed from your messages.".into(),
        Ok(Reason::Erased) => "They had their data deleted, so nothing is sent to them.".into(),
        Err(_) => reason.to_owned(),
    }
}

pub fn message(message: GuestMessage) -> &'static str {
    match message {
        GuestMessage::Invitation => "Invitation",
        GuestMessage::Reminder => "Reminder",
        GuestMessage::Confirmation => "RSVP confirmation",
        GuestMessage::EventChanged => "Event update",
        GuestMessage::EventCancelled => "Cancellation",
    }
}

pub fn state(state: NotificationState) -> &'static str {
    match state {
        NotificationState::Queued => "Queued",
        NotificationState::Sending => "Sending",
        NotificationState::Sent => "Sent",
        NotificationState::Delivered => "Delivered",
        NotificationState::Bounced => "Bounced",
        NotificationState::Complained => "Marked as spam",
        NotificationState::Suppressed => "Not sent",
        NotificationState::Failed => "Rejected",
        NotificationState::Cancelled => "Cancelled",
    }
}

/// An entry of a message's history, by its `status`.
pub fn event(status: &str) -> &'static str {
    match status {
        "queued" => "Delayed",
        "delayed" => "Delayed by the recipient's server",
        "sent" => "Sent to the provider",
        "delivered" => "Delivered",
        "opened" => "Opened",
        "bounced" => "Bounced",
        "complained" => "Marked as spam",
        "suppressed" => "Not sent",
        "cancelled" => "Cancelled",
        _ => "Rejected",
    }
}
