//! Reminders: rules by which guests are reminded of an event, some days before a date.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod due;
#[cfg(feature = "ssr")]
mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

#[cfg(feature = "ssr")]
pub use actions::{add, remove, switch};
#[cfg(feature = "ssr")]
pub use due::send_due;
#[cfg(feature = "ssr")]
pub use queries::{ReminderPlan, ReminderRecipient, plan, rules};

use super::SENDING_HOURS;
use crate::{
    notifications::templates::ReminderAudience,
    problem::{FieldError, Fields, Problem},
};

/// The date that a reminder's days are counted back from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Anchor {
    /// The RSVP deadline.
    #[default]
    RsvpDeadline,
    /// The day on which the event begins.
    Start,
}

pub const MAX_DAYS: u32 = 60;
/// Rules of one event.
pub const MAX_RULES: i64 = 10;

/// When and whom to remind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReminderRule {
    pub anchor: Anchor,
    pub days: u32,
    pub hour: u32,
    pub audience: ReminderAudience,
}

/// A rule as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReminderForm {
    pub anchor: String,
    pub days: String,
    pub hour: String,
    pub audience: String,
}

impl ReminderForm {
    /// The rule, or everything that is wrong with the form.
    pub fn parse(&self) -> Result<ReminderRule, Problem> {
        let mut fields = Fields::default();
        let (anchor, audience) = (self.anchor.parse(), self.audience.parse());
        if anchor.is_err() {
            fields.error("anchor", FieldError::NotAChoice);
        }
        if audience.is_err() {
            fields.error("audience", FieldError::NotAChoice);
        }
        let days = fields.number("days", &self.days, 0, MAX_DAYS).unwrap_or_default();
        let hour = fields.number("hour", &self.hour, *SENDING_HOURS.start(), *SENDING_HOURS.end()).unwrap_or(10);
        let (anchor, audience) = (anchor.unwrap_or_default(), audience.unwrap_or_default());
        fields.finish(ReminderRule { anchor, days, hour, audience })
    }
}
