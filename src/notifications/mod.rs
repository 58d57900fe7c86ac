use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub mod mailer;
/// The development outbox: messages as files instead of mail.
#[cfg(feature = "ssr")]
pub mod outbox;
#[cfg(feature = "ssr")]
mod templates;
#[cfg(all(test, feature = "ssr"))]
mod tests;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Kind {
    /// Carries the personal link.
    Invitation,
    /// Thanks for an answer and repeats it.
    Confirmation,
}

impl Kind {
    /// The name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Confirmation => "confirmation",
        }
    }
}
