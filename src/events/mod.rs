use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
pub mod ics;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;
/// Local times and their words.
#[cfg(feature = "ssr")]
pub mod times;

#[cfg(feature = "ssr")]
pub use form::NewEvent;

use crate::ids::EventId;

/// Months for which guest data may be kept after an event.
pub const KEPT_MONTHS: [i32; 6] = [1, 3, 6, 12, 24, 36];
/// The same, where the host chose nothing.
pub const KEPT_MONTHS_DEFAULT: i32 = 12;
/// Most seats one guest's invitation may cover.
pub const MOST_IN_PARTY: u32 = 20;

/// The designs an invitation can wear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// All designs, in the order they are offered.
    pub const ALL: [Self; 6] =
        [Self::Letterpress, Self::Garden, Self::Midnight, Self::Seaside, Self::Fiesta, Self::Gallery];

    /// The name in forms, attributes and the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Letterpress => "letterpress",
            Self::Garden => "garden",
            Self::Midnight => "midnight",
            Self::Seaside => "seaside",
            Self::Fiesta => "fiesta",
            Self::Gallery => "gallery",
        }
    }

    /// The name people read.
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

    /// The design of that key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.key() == key)
    }
}

/// What a host types to plan an event. Text as it stands in the form; [`EventForm::parse`] makes a `NewEvent` of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventForm {
    pub title: String,
    pub description: String,
    /// Local date and time, `2026-12-24T18:30`, in `time_zone`.
    pub starts: String,
    /// The same, or empty.
    pub ends: String,
    /// IANA name, `Europe/Berlin`.
    pub time_zone: String,
    pub venue: String,
    pub address: String,
    /// Seats in all, or empty for no limit.
    pub capacity: String,
    /// Last day for answers, `2026-12-01`, or empty for the start of the event.
    pub rsvp_deadline: String,
    /// Seats a newly added guest is allowed, themselves included.
    pub party_size: String,
    pub theme: String,
    /// Months after its end for which guest data is kept.
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
    /// Grows with each change that calendars must learn of (RFC 5545, SEQUENCE).
    pub sequence: i32,
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Months after its end for which guest data is kept, and the moment when they are over.
    pub retention_months: i32,
    pub anonymise_at: DateTime<Utc>,
    /// When the guests were made anonymous.
    pub anonymised_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

/// What an event's figures say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// People on the list.
    pub guests: i64,
    /// Guests with a live link.
    pub invited: i64,
    /// Guests who opened their link.
    pub opened: i64,
    /// Guests who said yes, and the seats they take.
    pub attending: i64,
    pub heads: i64,
    pub declined: i64,
    pub maybe: i64,
    /// Invited guests who have not answered.
    pub awaiting: i64,
}
