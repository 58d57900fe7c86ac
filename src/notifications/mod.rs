use serde::{Deserialize, Serialize};

/// Mails to hosts about their accounts.
#[cfg(feature = "ssr")]
mod account_letters;
#[cfg(feature = "ssr")]
pub mod actions;
/// What became of the messages of one event.
#[cfg(feature = "ssr")]
pub mod delivery;
#[cfg(feature = "ssr")]
pub(crate) mod jobs;
/// When a text message follows a mail.
pub mod ladder;
/// Takes messages from the outbox and sends them.
#[cfg(feature = "ssr")]
pub mod postman;
#[cfg(feature = "ssr")]
pub mod queries;
/// Who is reminded of an event, and when.
pub mod reminders;
/// What providers tell about messages they took.
#[cfg(feature = "ssr")]
pub mod reports;
/// The ways out: mail and text messages by several providers.
#[cfg(feature = "ssr")]
pub mod senders;
/// Addresses that must not be written to.
pub mod suppressions;
/// Telling guests that an event changed.
#[cfg(feature = "ssr")]
pub mod telling;
#[cfg(feature = "ssr")]
mod templates;
#[cfg(all(test, feature = "ssr"))]
mod tests;
/// The links by which people stop messages.
#[cfg(feature = "ssr")]
pub mod unsubscribing;

/// How much a new host sends.
#[cfg(feature = "ssr")]
pub mod warming;
/// The words of messages, as hosts choose them.
pub mod wording;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Kind {
    /// Carries the personal link.
    Invitation,
    /// Thanks for an answer and repeats it.
    Confirmation,
    /// Answer, please; or: it is soon.
    Reminder,
    /// The event is another than guests were told.
    EventChanged,
    /// The event does not take place.
    EventCancelled,
    /// To hosts: prove your address.
    Verify,
    /// Somebody tried to open an account with an address that has one.
    Registered,
    /// Set a new password.
    Reset,
    /// The password is locked; set a new one.
    Locked,
    /// Agree that the account leaves this address.
    LeaveAddress,
    /// Agree that the account comes to this address.
    TakeAddress,
    /// The account left this address.
    AddressChanged,
    PasswordChanged,
    /// A session was ended because a copy of its cookie turned up.
    SessionRevoked,
    /// The guests of an event are made anonymous soon.
    ForgottenSoon,
    /// What the host takes along is ready.
    ExportReady,
}

impl Kind {
    /// Whether it is part of what a host sends to guests: then it tells how to stop it, and unsubscribing does.
    pub fn is_bulk(self) -> bool {
        matches!(self, Self::Invitation | Self::Reminder | Self::EventChanged | Self::EventCancelled)
    }

    /// Whether it brings calendars up to date.
    pub fn is_news(self) -> bool {
        matches!(self, Self::EventChanged | Self::EventCancelled)
    }

    /// Hours after which it is no longer worth sending: a link to a new password is wanted now or not at all.
    pub fn worth_hours(self) -> i64 {
        match self {
            Self::Reset | Self::Locked | Self::Registered => 1,
            // Guests are forgotten two weeks after it was sent, and not before.
            Self::ForgottenSoon => 13 * 24,
            _ => 24,
        }
    }

    /// The name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Confirmation => "confirmation",
            Self::Reminder => "reminder",
            Self::EventChanged => "event-changed",
            Self::EventCancelled => "event-cancelled",
            Self::Verify => "verify",
            Self::Registered => "registered",
            Self::Reset => "reset",
            Self::Locked => "locked",
            Self::LeaveAddress => "leave-address",
            Self::TakeAddress => "take-address",
            Self::AddressChanged => "address-changed",
            Self::PasswordChanged => "password-changed",
            Self::SessionRevoked => "session-revoked",
            Self::ForgottenSoon => "forgotten-soon",
            Self::ExportReady => "export-ready",
        }
    }
}

/// The way a message takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Channel {
    #[default]
    Email,
    /// Text messages.
    Sms,
}

impl Channel {
    /// All.
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];

    /// The name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum State {
    /// Waits for its turn, or for its next try.
    Queued,
    /// On its way out just now.
    Sending,
    /// Taken by the provider.
    Sent,
    /// Taken by the recipient's side.
    Delivered,
    /// Came back.
    Bounced,
    /// Delivered, and called spam.
    Complained,
    /// Not sent, because the address must not be written to.
    Suppressed,
    /// Never taken.
    Failed,
    /// Lost its reason before it left.
    Cancelled,
}

impl State {
    /// The name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Suppressed => "suppressed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}
