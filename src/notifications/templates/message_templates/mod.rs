//! Message templates: a host's own subject and text for each kind of message of an event.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod queries;

#[cfg(feature = "ssr")]
pub use actions::{send_test, set};
#[cfg(feature = "ssr")]
pub use queries::{TemplatePreview, of, preview};

/// Subject and text with placeholders. An empty one stands for our default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageTemplate {
    pub subject: String,
    pub body: String,
}

/// Longest subject and text, in characters.
pub const MAX_SUBJECT: u32 = 150;
pub const MAX_BODY: u32 = 2000;
/// Links that a host's text may hold. More of them look like spam, which harms everybody's delivery.
pub const MAX_LINKS: usize = 3;

/// Counts the links in a text.
pub fn count_links(text: &str) -> usize {
    let lower = text.to_lowercase();
    lower.matches("://").count() + lower.split_whitespace().filter(|word| word.starts_with("www.")).count()
}
