use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

#[cfg(feature = "ssr")]
pub use actions::{climb, set};
#[cfg(feature = "ssr")]
pub use queries::{Ladder, ladder};

/// Most days without an opening before a text message follows.
pub const MOST_DAYS: u32 = 30;

/// When a text message follows a mail, as a host chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LadderForm {
    /// After the mail came back, or was refused.
    pub after_bounce: bool,
    /// Whether also after days in which the invitation was not opened.
    pub after_days: bool,
    pub days: String,
}

/// What a text message costs: providers charge by the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    pub count: usize,
    /// It holds letters that only the dear alphabet has: 70 in a segment instead of 160.
    pub unicode: bool,
}

/// The GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1), without its control characters.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Letters of its extension table: each takes the room of two.
const EXTENDED: &str = "^{}\\[~]|€";

/// How many segments a text takes: 160 or 70 characters alone, 153 or 67 in a row, because each of a row says its place.
/// A letter outside the 7-bit alphabet makes all of it UCS-2 (3GPP TS 23.038 and 23.040, 9.2.3.24.1).
pub fn segments(text: &str) -> Segments {
    let septets = text.chars().try_fold(0, |sum, letter| match (BASIC.contains(letter), EXTENDED.contains(letter)) {
        (true, _) => Some(sum + 1),
        (_, true) => Some(sum + 2),
        _ => None,
    });
    let (length, alone, in_a_row) = match septets {
        Some(length) => (length, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    let count = if length <= alone { 1 } else { length.div_ceil(in_a_row) };
    Segments { count, unicode: septets.is_none() }
}
