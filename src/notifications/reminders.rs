use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
mod actions;
/// Reminders whose time has come.
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
pub use queries::{Plan, Recipient, plan, rules};

use crate::problem::{FieldError, Fields};

/// What a reminder's days are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Anchor {
    /// The day by which guests are to answer.
    #[default]
    RsvpDeadline,
    /// The day on which the event begins.
    Start,
}

/// Who is reminded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Audience {
    /// Those who were invited and have not answered.
    #[default]
    Unanswered,
    Attending,
    Maybe,
}

/// Hours of the day at which reminders leave, in the event's time zone; at night nobody is disturbed.
pub const HOURS: std::ops::RangeInclusive<u32> = 8..=20;
/// Most days before.
pub const MOST_DAYS: u32 = 60;
/// Rules of one event.
pub const MOST_RULES: i64 = 10;

impl Anchor {
    /// Both.
    pub const ALL: [Self; 2] = [Self::RsvpDeadline, Self::Start];

    /// The name in forms and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::RsvpDeadline => "rsvp-deadline",
            Self::Start => "start",
        }
    }
}

impl Audience {
    /// All.
    pub const ALL: [Self; 3] = [Self::Unanswered, Self::Attending, Self::Maybe];

    /// The name in forms and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Attending => "attending",
            Self::Maybe => "maybe",
        }
    }
}

/// When and whom to remind, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub anchor: Anchor,
    pub days: u32,
    pub hour: u32,
    pub audience: Audience,
}

/// The same, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleForm {
    pub anchor: String,
    pub days: String,
    pub hour: String,
    pub audience: String,
}

impl RuleForm {
    /// What it says, or everything that is wrong with it.
    pub fn parse(&self) -> Result<Rule, crate::problem::Problem> {
        let mut fields = Fields::default();
        let anchor = Anchor::ALL.into_iter().find(|anchor| anchor.key() == self.anchor);
        let audience = Audience::ALL.into_iter().find(|audience| audience.key() == self.audience);
        let missing = |fields: &mut Fields, field: &str| fields.fault(field, FieldError::NotAChoice);
        if anchor.is_none() {
            missing(&mut fields, "anchor");
        }
        if audience.is_none() {
            missing(&mut fields, "audience");
        }
        let days = fields.number("days", &self.days, 0, MOST_DAYS).unwrap_or_default();
        let hour = fields.number("hour", &self.hour, *HOURS.start(), *HOURS.end()).unwrap_or(10);
        let (anchor, audience) = (anchor.unwrap_or_default(), audience.unwrap_or_default());
        fields.finish(Rule { anchor, days, hour, audience })
    }
}
