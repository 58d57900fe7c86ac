//! RSVPs: a guest's reply, and the overview that their host watches.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

#[cfg(feature = "ssr")]
pub mod actions;
pub mod chart;
pub mod overview;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

/// The answers a guest can choose from, in the order they are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Answer {
    Attending,
    Maybe,
    Declined,
}

/// The RSVP form, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerForm {
    pub answer: String,
    /// Party size, the guest included.
    pub heads: String,
    /// Names of companions, one per field. Names beyond `heads` are ignored: a browser without `:has()` shows a field
    /// for the whole party.
    pub companions: Vec<String>,
    pub message: String,
}

/// A guest's current RSVP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rsvp {
    pub answer: Answer,
    /// Party size, the guest included; 0 when declined.
    pub heads: i32,
    pub companions: Vec<String>,
    pub message: String,
}

impl Rsvp {
    /// The RSVP of a left join, if there is one.
    pub fn of(
        answer: Option<Answer>,
        heads: Option<i32>,
        companions: Option<Vec<String>>,
        message: Option<String>,
    ) -> Option<Self> {
        Some(Self { answer: answer?, heads: heads?, companions: companions?, message: message? })
    }
}
