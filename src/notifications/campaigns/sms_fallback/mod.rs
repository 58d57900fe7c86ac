//! SMS fallback: a text message to guests whose email bounced or stayed unopened.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

#[cfg(feature = "ssr")]
pub use actions::{send_due, set};
#[cfg(feature = "ssr")]
pub use queries::{SmsFallback, sms_fallback};

/// Longest wait for an opening before the text message, in days.
pub const MAX_DAYS: u32 = 30;

/// When a text message follows an email, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SmsFallbackForm {
    /// After the email bounced or was rejected.
    pub after_bounce: bool,
    /// After `days` in which the invitation was not opened.
    pub after_days: bool,
    pub days: String,
}

/// The size of a text message: providers charge by the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    pub count: usize,
    /// Needs UCS-2: 70 characters per segment instead of 160.
    pub unicode: bool,
}

/// The GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1), without its control characters.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension table: each character counts twice.
const EXTENDED: &str = "^{}\\[~]|€";

/// Counts segments: one of 160 or 70 characters, or several of 153 or 67, which carry their position. One character
/// outside the 7-bit alphabet makes the whole text UCS-2 (3GPP TS 23.038 and 23.040, 9.2.3.24.1).
pub fn segments(text: &str) -> Segments {
    let septets = text.chars().try_fold(0, |sum, letter| match (BASIC.contains(letter), EXTENDED.contains(letter)) {
        (true, _) => Some(sum + 1),
        (_, true) => Some(sum + 2),
        _ => None,
    });
    let (length, single, concatenated) = match septets {
        Some(length) => (length, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    let count = if length <= single { 1 } else { length.div_ceil(concatenated) };
    Segments { count, unicode: septets.is_none() }
}
