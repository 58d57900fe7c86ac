use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
/// What a host takes along.
#[cfg(feature = "ssr")]
pub mod export;
/// What is held about one guest.
#[cfg(feature = "ssr")]
pub mod held;
#[cfg(feature = "ssr")]
pub(crate) mod jobs;
#[cfg(feature = "ssr")]
pub mod queries;
/// What is left of people when they are gone.
#[cfg(feature = "ssr")]
pub(crate) mod scrub;
#[cfg(all(test, feature = "ssr"))]
mod tests;

/// Days after which what remains of a deleted account goes as well: so long Stripe may still tell of it.
pub const REMAINS_DAYS: i64 = 30;
/// Days before an event's guests are made anonymous that its host is told. Nobody's are before they were told for so long.
pub const WARNING_DAYS: i64 = 14;

/// One of the two documents that hosts agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    Terms,
    PrivacyPolicy,
}

impl Document {
    /// Every version that ever held, the newest first. A version is the day from which it holds.
    pub fn versions(self) -> &'static [&'static str] {
        match self {
            Self::Terms => &["2026-11-26"],
            Self::PrivacyPolicy => &["2026-11-26"],
        }
    }

    /// The version that holds now.
    pub fn current(self) -> &'static str {
        self.versions().first().copied().unwrap_or_default()
    }
}

/// What a host types to delete their account: its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeletionForm {
    pub confirmation: String,
}

/// What a guest types to put right what is held about them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CorrectionForm {
    pub name: String,
    pub email: String,
    /// With its country code.
    pub phone: String,
}
