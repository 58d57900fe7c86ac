use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
/// Text on its way to and from spreadsheets.
pub mod cells;
/// What should be put right before anything is sent.
#[cfg(feature = "ssr")]
pub mod check;
/// The list on its way out.
#[cfg(feature = "ssr")]
pub mod export;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
pub(crate) mod intake;
/// The server's page of the guest table: filters, sort, and the query behind it.
pub mod list;
/// Reading a pasted list of names and addresses.
pub mod paste;
#[cfg(feature = "ssr")]
pub mod queries;
/// Where each guest stands, kept beside the guest.
#[cfg(feature = "ssr")]
pub mod standing;
#[cfg(all(test, feature = "ssr"))]
mod tests;
/// Addresses that look mistyped.
pub mod typos;

#[cfg(feature = "ssr")]
pub use form::NewGuest;

use crate::ids::GuestId;

/// Most guests that one paste adds.
pub const MOST_AT_ONCE: u32 = 500;
/// Hours that a deleted guest can be brought back.
pub const UNDO_HOURS: i64 = 24;

/// What a host types about a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuestForm {
    pub name: String,
    pub email: String,
    /// With its country code, `+44 7911 123456`, or a number of `country`.
    pub phone: String,
    /// ISO 3166-1 alpha-2; empty: none chosen.
    pub country: String,
    /// Seats allowed, the guest included.
    pub party_size: String,
    /// Separated by commas.
    pub tags: String,
    pub note: String,
}

/// A person on an event's list, as the host knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestDetails {
    pub id: GuestId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub party_size: i32,
    pub tags: Vec<String>,
    pub note: String,
    /// An anonymous seat: nothing of it can be changed.
    pub erased: bool,
}

/// Where a guest stands, from first to last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "guest_status", rename_all = "kebab-case"))]
pub enum Status {
    /// On the list, without a link.
    NotInvited,
    /// A link without a message: the guest has no e-mail address, the host hands it over.
    LinkReady,
    Queued,
    /// The mail could not be delivered.
    Failed,
    Sent,
    Opened,
    Attending,
    Maybe,
    Declined,
}

impl Status {
    /// All, in the order of the filter.
    pub const ALL: [Self; 9] = [
        Self::NotInvited,
        Self::LinkReady,
        Self::Queued,
        Self::Failed,
        Self::Sent,
        Self::Opened,
        Self::Attending,
        Self::Maybe,
        Self::Declined,
    ];

    /// The name in addresses, attributes and queries.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotInvited => "not-invited",
            Self::LinkReady => "link-ready",
            Self::Queued => "queued",
            Self::Failed => "failed",
            Self::Sent => "sent",
            Self::Opened => "opened",
            Self::Attending => "attending",
            Self::Maybe => "maybe",
            Self::Declined => "declined",
        }
    }

    /// The words people read.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotInvited => "Not invited",
            Self::LinkReady => "Link ready",
            Self::Queued => "Queued",
            Self::Failed => "Not delivered",
            Self::Sent => "Sent",
            Self::Opened => "Opened",
            Self::Attending => "Attending",
            Self::Maybe => "Maybe",
            Self::Declined => "Declined",
        }
    }

    /// The status of that key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.key() == key)
    }
}
