//! Phone numbers: normalisation, numbering plans of countries, and validation by libphonenumber.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod countries;
#[cfg(feature = "ssr")]
mod number;

#[cfg(feature = "ssr")]
pub use number::{parse, region};

/// Why a typed number is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhoneError {
    /// There are letters in it, or no digits.
    NotANumber,
    /// A national number, without a chosen country.
    NoCountry,
    TooShort,
    TooLong,
    /// Of a length that country uses, but in no assigned range.
    NotInUse,
}

/// Countries listed first where one is chosen: those with the most guests.
pub const COMMON: [&str; 12] = ["GB", "US", "DE", "FR", "ES", "IT", "NL", "PL", "IN", "BR", "CA", "AU"];

/// The numbering plan of a country. The browser gets the same table as the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Country {
    /// ISO 3166-1 alpha-2, `GB`.
    pub iso: String,
    /// In English.
    pub name: String,
    /// Without the plus sign, `44`.
    pub dial: String,
    /// What precedes a national number inside the country, `0`; empty in many countries.
    pub trunk: String,
    /// A regular expression that the whole number without country code and trunk prefix matches.
    pub pattern: String,
    /// Digits that a number without country code can have.
    pub lengths: Vec<u8>,
    /// Whether numbers with this dial code are most likely of this country, where several share it.
    pub main: bool,
    /// A number of that country as it is dialled from abroad, `+44 7400 123456`.
    pub example: String,
}

/// Normalises a typed number: drops separators and converts digits of other scripts to ASCII. Begins with a plus sign if
/// the number has its country code. `None` if anything else is in it.
pub fn normalise(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("tel:").or_else(|| text.strip_prefix("TEL:")).unwrap_or(text);
    let mut number = String::new();
    for c in text.chars() {
        match c {
            '+' | '＋' if number.is_empty() => number.push('+'),
            c if c.is_whitespace() || "-‐‑‒–—−.·/()[]\u{ad}".contains(c) || is_invisible(c) => {}
            c => number.push(char::from(b'0' + digit(c)?)),
        }
    }
    match number.strip_prefix("00") {
        Some(rest) => Some(format!("+{rest}")),
        None => Some(number),
    }
}

/// Marks of direction and width, which are copied along with numbers from web pages and contact lists.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The value of a decimal digit: ASCII, Arabic-Indic, Persian, Devanagari, Bengali, Thai or full-width.
fn digit(c: char) -> Option<u8> {
    const ZEROS: [char; 7] = ['0', '٠', '۰', '०', '০', '๐', '０'];
    let value = |zero: char| (c as u32).checked_sub(zero as u32).filter(|value| *value < 10);
    ZEROS.into_iter().find_map(value).and_then(|value| u8::try_from(value).ok())
}

/// The country of a normalised number with a country code, of several with the same code the largest, and the digits
/// after the code.
pub fn country_of<'a>(number: &str, countries: &'a [Country]) -> Option<(&'a Country, String)> {
    let digits = number.strip_prefix('+')?;
    (1..=3).rev().filter(|length| digits.len() >= *length).find_map(|length| {
        let (code, rest) = digits.split_at(length);
        let sharing = || countries.iter().filter(|country| country.dial == code);
        sharing().find(|country| country.main).or_else(|| sharing().next()).map(|country| (country, rest.to_owned()))
    })
}

impl Country {
    /// The number without country code and trunk prefix.
    pub fn national(&self, number: &str) -> String {
        let digits = number.strip_prefix('+').and_then(|rest| rest.strip_prefix(&*self.dial)).unwrap_or(number);
        match digits.strip_prefix(&*self.trunk) {
            Some(rest) if !self.trunk.is_empty() && self.lengths.contains(&(rest.len() as u8)) => rest.to_owned(),
            _ => digits.to_owned(),
        }
    }

    /// Checks the length of a national number. Between shortest and longest, the pattern decides.
    pub fn length(&self, national: &str) -> Result<(), PhoneError> {
        let length = national.len();
        let of = |length: Option<&u8>| length.copied().map(usize::from);
        match (of(self.lengths.iter().min()), of(self.lengths.iter().max())) {
            (Some(shortest), _) if length < shortest => Err(PhoneError::TooShort),
            (_, Some(longest)) if length > longest => Err(PhoneError::TooLong),
            _ => Ok(()),
        }
    }

    /// The flag, as an emoji of two regional indicators.
    pub fn flag(&self) -> String {
        self.iso.bytes().filter_map(|letter| char::from_u32(0x1_f1e6 + u32::from(letter.wrapping_sub(b'A')))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_dropped() {
        for typed in [
            "+44 7911 123456",
            "0044 7911 123456",
            "tel:+44-7911-123456",
            "＋４４ ７９１１ １２３４５６",
            "+٤٤ ٧٩١١ ١٢٣٤٥٦",
            "\u{202a}+44 (7911) 123\u{2011}456\u{202c}",
        ] {
            assert_eq!(normalise(typed).as_deref(), Some("+447911123456"), "{typed}");
        }
        assert_eq!(normalise("07911 123456").as_deref(), Some("07911123456"));
        for typed in ["call me", "+44 7911 CALL", "12+34", "07911 123456 ext 5"] {
            assert_eq!(normalise(typed), None, "{typed}");
        }
    }
}
