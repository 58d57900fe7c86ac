use serde::{Deserialize, Serialize};

use super::Kind;

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod queries;

#[cfg(feature = "ssr")]
pub use actions::{send_test, set};
#[cfg(feature = "ssr")]
pub use queries::{Preview, of, preview};

/// A host's own words for one kind of message, with placeholders. An empty one stands for ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wording {
    pub subject: String,
    pub body: String,
}

/// Messages whose words a host can choose.
pub const KINDS: [Kind; 5] =
    [Kind::Invitation, Kind::Reminder, Kind::Confirmation, Kind::EventChanged, Kind::EventCancelled];
/// Longest subject and text, in characters.
pub const MOST_SUBJECT: u32 = 150;
pub const MOST_BODY: u32 = 2000;
/// Links of their own that a host's words may hold: more make a mail look like spam, and then nobody's arrive.
pub const MOST_LINKS: usize = 3;

/// How many links stand in a text.
pub fn links(text: &str) -> usize {
    let lower = text.to_lowercase();
    lower.matches("://").count() + lower.split_whitespace().filter(|word| word.starts_with("www.")).count()
}
