//! Guest list: the people a host invites to an event, how to reach them, and their status.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

#[cfg(feature = "ssr")]
pub mod actions;
pub mod cells;
#[cfg(feature = "ssr")]
pub mod check;
#[cfg(feature = "ssr")]
pub mod export;
#[cfg(feature = "ssr")]
mod form;
pub mod list;
pub mod paste;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod status;
#[cfg(all(test, feature = "ssr"))]
mod tests;
pub mod typos;

#[cfg(feature = "ssr")]
pub use form::{NewGuest, parse_name, parse_phone};

use crate::ids::GuestId;

/// Most guests that one paste adds.
pub const MOST_AT_ONCE: u32 = 500;
/// Hours in which removed guests can be restored.
pub const UNDO_HOURS: i64 = 24;

/// A guest as the host types them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuestForm {
    pub name: String,
    pub email: String,
    /// With its country code, `+44 7911 123456`, or a number of `country`.
    pub phone: String,
    /// ISO 3166-1 alpha-2; empty: none chosen.
    pub country: String,
    /// Most people who may come, the guest included.
    pub party_size: String,
    /// Separated by commas.
    pub tags: String,
    pub note: String,
}

/// A guest as the host sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestDetails {
    pub id: GuestId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub party_size: i32,
    pub tags: Vec<String>,
    pub note: String,
    /// Anonymised; cannot be changed.
    pub erased: bool,
}

/// A guest's status, from first to last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "guest_status_value", rename_all = "kebab-case"))]
pub enum GuestStatus {
    /// Without a link.
    NotInvited,
    /// A link without a message: the guest has no email address, the host shares the link.
    LinkReady,
    Queued,
    /// The email could not be delivered.
    Failed,
    Sent,
    Opened,
    Attending,
    Maybe,
    Declined,
}

impl GuestStatus {
    pub fn label(self) -> &'static str {
        match self {
            Self::NotInvited => "Not invited",
            Self::LinkReady => "Not sent yet",
            Self::Queued => "Queued",
            Self::Failed => "Not delivered",
            Self::Sent => "Sent",
            Self::Opened => "Opened",
            Self::Attending => "Attending",
            Self::Maybe => "Maybe",
            Self::Declined => "Declined",
        }
    }
}
