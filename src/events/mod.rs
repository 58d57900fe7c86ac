//! Events: what a host plans, and its form, times and calendar file.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
pub mod ics;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub(crate) mod seats;
#[cfg(all(test, feature = "ssr"))]
mod tests;
#[cfg(feature = "ssr")]
pub mod times;

#[cfg(feature = "ssr")]
pub use form::NewEvent;

use crate::ids::EventId;

/// Days between the notice to the host and the anonymisation of an event's guests, at least.
pub const RETENTION_NOTICE_DAYS: i64 = 14;

/// Months after an event until its guest data is deleted, for the host to choose from.
pub const RETENTION_MONTHS: [i32; 6] = [1, 3, 6, 12, 24, 36];
pub const DEFAULT_RETENTION_MONTHS: i32 = 12;
/// Largest party, the guest included.
pub const MOST_IN_PARTY: u32 = 20;

/// The design of an invitation.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Theme {
    #[default]
    Letterpress,
    Garden,
    Midnight,
    Seaside,
    Fiesta,
    Gallery,
}

impl Theme {
    pub fn name(self) -> &'static str {
        match self {
            Self::Letterpress => "Letterpress",
            Self::Garden => "Garden",
            Self::Midnight => "Midnight",
            Self::Seaside => "Seaside",
            Self::Fiesta => "Fiesta",
            Self::Gallery => "Gallery",
        }
    }
}

/// The form of an event, as typed; [`EventForm::parse`] turns it into a `NewEvent`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventForm {
    pub title: String,
    pub description: String,
    /// Local date and time, `2026-12-24T18:30`, in `time_zone`.
    pub starts: String,
    /// Local date and time, or empty.
    pub ends: String,
    /// IANA name, `Europe/Berlin`.
    pub time_zone: String,
    pub venue: String,
    pub address: String,
    /// Empty for no limit.
    pub capacity: String,
    /// Last day for replies, `2026-12-01`, or empty for the start of the event.
    pub rsvp_deadline: String,
    /// Largest party of a new guest, the guest included.
    pub party_size: String,
    pub theme: String,
    /// Months after the event until guest data is deleted.
    pub retention_months: String,
}

/// An event as its host and its guests know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub title: String,
    pub description: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    /// IANA name.
    pub time_zone: String,
    pub venue: String,
    pub address: String,
    pub capacity: Option<i32>,
    pub rsvp_deadline: Option<NaiveDate>,
    pub party_size: i32,
    pub theme: Theme,
    /// Grows with each change that matters to calendars (RFC 5545, SEQUENCE).
    pub sequence: i32,
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Months after the event until guest data is deleted.
    pub retention_months: i32,
    /// When the guests will be anonymised: not before the host's notice has run out.
    pub anonymise_at: DateTime<Utc>,
    /// When the guests were anonymised.
    pub anonymised_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

/// Counts of an event's guests and replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFigures {
    pub guests: i64,
    /// Guests with a live link.
    pub invited: i64,
    pub opened: i64,
    /// Guests who accepted.
    pub attending: i64,
    /// People in the parties of those.
    pub heads: i64,
    pub declined: i64,
    pub maybe: i64,
    /// Invited guests without a reply.
    pub awaiting: i64,
}
