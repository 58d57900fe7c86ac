//! Notifications: emails and text messages to guests and hosts, from the outbox to the provider's delivery reports.
//!
//! Direction of dependencies, lowest first: `reference`, `suppressions`; `outbox`; `templates`, `provider_events`; `worker`,
//! `campaigns`, `delivery`; `jobs`. Nothing points back.

pub mod campaigns;
#[cfg(feature = "ssr")]
pub mod delivery;
#[cfg(feature = "ssr")]
pub(crate) mod dev_outbox;
#[cfg(feature = "ssr")]
pub(crate) mod jobs;
#[cfg(feature = "ssr")]
pub mod outbox;
#[cfg(feature = "ssr")]
pub mod provider_events;
#[cfg(feature = "ssr")]
pub mod reference;
pub mod suppressions;
pub mod templates;
#[cfg(all(test, feature = "ssr"))]
mod tests;
#[cfg(feature = "ssr")]
pub mod worker;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Why a guest is written to. All but the confirmation are bulk mail: the host causes them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum GuestMessage {
    /// Carries the personal link.
    #[default]
    Invitation,
    Reminder,
    /// Repeats what the guest replied.
    Confirmation,
    EventChanged,
    EventCancelled,
}

impl GuestMessage {
    /// Whether it carries an unsubscribe link.
    pub fn is_bulk(self) -> bool {
        self != Self::Confirmation
    }

    /// Whether it carries a calendar file.
    pub fn updates_calendar(self) -> bool {
        matches!(self, Self::EventChanged | Self::EventCancelled)
    }
}

/// Why a host is written to about their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, EnumString)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum AccountMessage {
    Verify,
    /// Somebody signed up with an address that has an account.
    Registered,
    Reset,
    /// The password is locked after failed sign-ins.
    Locked,
    /// Confirm a new address, sent to the current one.
    LeaveAddress,
    /// Confirm a new address, sent to the new one.
    TakeAddress,
    /// Sent to the previous address.
    AddressChanged,
    PasswordChanged,
    /// A session ended because an outdated copy of its cookie was used.
    SessionRevoked,
    /// Retention: the guests of an event will be made anonymous.
    RetentionNotice,
    ExportReady,
}

/// How a message travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Channel {
    #[default]
    Email,
    Sms,
}

/// Where a notification is between the outbox and its recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum NotificationState {
    /// Due now, scheduled for later, or waiting for a retry.
    Queued,
    Sending,
    /// Accepted by the provider.
    Sent,
    /// Accepted by the recipient's server.
    Delivered,
    Bounced,
    /// Delivered, then marked as spam.
    Complained,
    /// Not sent: the address is on the suppression list.
    Suppressed,
    /// Rejected, or not accepted before it expired.
    Failed,
    /// No longer wanted when it was about to be sent.
    Cancelled,
}
