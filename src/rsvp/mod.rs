use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
/// Answers over time, ready to be drawn.
pub mod chart;
/// The page that hosts watch.
pub mod overview;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

/// What a guest can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Answer {
    Attending,
    Maybe,
    Declined,
}

impl Answer {
    /// All, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Attending, Self::Maybe, Self::Declined];

    /// The name in forms and the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Attending => "attending",
            Self::Maybe => "maybe",
            Self::Declined => "declined",
        }
    }

    /// The answer of that key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.key() == key)
    }
}

/// What a guest's form says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerForm {
    pub answer: String,
    /// Seats, the guest included.
    pub heads: String,
    /// Names of those who come along, one a field; more than `heads` allows are ignored, as the form shows fields for
    /// all seats where scripts and `:has()` are missing.
    pub companions: Vec<String>,
    pub message: String,
}

/// An answer that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rsvp {
    pub answer: Answer,
    /// Seats, the guest included; none when declined.
    pub heads: i32,
    pub companions: Vec<String>,
    pub message: String,
}

impl Rsvp {
    /// The answer that a statement found, if there is one.
    pub fn of(
        answer: Option<Answer>,
        heads: Option<i32>,
        companions: Option<Vec<String>>,
        message: Option<String>,
    ) -> Option<Self> {
        Some(Self { answer: answer?, heads: heads?, companions: companions?, message: message? })
    }
}
