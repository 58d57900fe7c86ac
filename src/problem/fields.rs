//! Field errors, collected while a form is parsed.

use serde::{Deserialize, Serialize};

use crate::{phone::PhoneError, problem::Problem};

/// One field of a form and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidField {
    /// The field's name in its form struct.
    pub field: String,
    /// What is wrong.
    pub error: FieldError,
}

/// What can be wrong with a field. Kinds, not sentences: `app/src/ui/words.rs` chooses the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldError {
    Required,
    /// Longest allowed length, in characters.
    TooLong(u32),
    /// More links than allowed.
    TooManyLinks(u32),
    /// Shortest allowed length, in characters.
    TooShort(u32),
    NotAnEmail,
    /// `example` is a valid one, of the same country if known.
    Phone {
        error: PhoneError,
        example: String,
    },
    /// A file that cannot be read as a guest list.
    File(FileError),
    NotADate,
    NotANumber,
    OutOfRange {
        min: u32,
        max: u32,
    },
    UnknownTimeZone,
    /// The clocks skip this local time on that day.
    NoSuchTime,
    EndsBeforeStart,
    RsvpDeadlineAfterStart,
    /// A password that is guessed within hours.
    GuessablePassword,
    /// Email address and password do not match.
    WrongPassword,
    /// Not the account's current password.
    WrongCurrentPassword,
    /// Not the account's email address, which had to be typed.
    NotThisAddress,
    /// The account has this address already.
    SameAddress,
    /// A message without `{link}`.
    NeedsLink,
    /// None of the options.
    NotAChoice,
    /// The event has no such date, for example no RSVP deadline.
    NoSuchDay,
    /// That time has passed.
    InThePast,
    /// It is in the list already.
    Repeated,
    /// More list entries than allowed.
    TooMany(u32),
    /// Lines that cannot be read; their numbers, from 1.
    Lines(Vec<u32>),
}

/// Why a file was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileError {
    /// No row besides the headings.
    Empty,
    /// Neither text nor a workbook nor contacts.
    NotATable,
    /// A workbook that cannot be opened.
    Damaged,
    TooLarge,
    TooManyRows,
}

/// Collects the errors of a form, so that all are reported at once.
#[derive(Default)]
pub struct Fields {
    errors: Vec<InvalidField>,
}

impl Fields {
    /// Adds an error of `field`.
    pub fn error(&mut self, field: &str, error: FieldError) {
        self.errors.push(InvalidField { field: field.to_owned(), error });
    }

    /// Trimmed text of 1 to `max` characters.
    pub fn required(&mut self, field: &str, text: &str, max: u32) -> String {
        let text = self.optional(field, text, max);
        if text.is_empty() {
            self.error(field, FieldError::Required);
        }
        text
    }

    /// Requires text that is used as typed, such as a password.
    pub fn require(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.error(field, FieldError::Required);
        }
    }

    /// Trimmed text of up to `max` characters. Line ends become `\n`; other control characters are dropped, because
    /// they have no place in names and break email headers and calendar files.
    pub fn optional(&mut self, field: &str, text: &str, max: u32) -> String {
        let text = clean(text);
        if text.chars().count() > max as usize {
            self.error(field, FieldError::TooLong(max));
        }
        text
    }

    /// Like [`Self::required`], on one line.
    pub fn required_line(&mut self, field: &str, text: &str, max: u32) -> String {
        one_line(self.required(field, text, max))
    }

    /// Like [`Self::optional`], on one line.
    pub fn optional_line(&mut self, field: &str, text: &str, max: u32) -> String {
        one_line(self.optional(field, text, max))
    }

    /// A whole number from `min` to `max`; `None` for empty text.
    pub fn number(&mut self, field: &str, text: &str, min: u32, max: u32) -> Option<u32> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match text.parse::<u32>() {
            Ok(number) if (min..=max).contains(&number) => return Some(number),
            Ok(_) => self.error(field, FieldError::OutOfRange { min, max }),
            Err(_) if text.chars().all(|c| c.is_ascii_digit()) => {
                self.error(field, FieldError::OutOfRange { min, max })
            }
            Err(_) => self.error(field, FieldError::NotANumber),
        }
        None
    }

    /// An email address as typed, or `None` for empty text.
    pub fn email(&mut self, field: &str, text: &str) -> Option<String> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if !is_email(text) {
            self.error(field, FieldError::NotAnEmail);
        }
        Some(text.to_owned())
    }

    /// Like [`Self::email`], and not empty.
    pub fn required_email(&mut self, field: &str, text: &str) -> String {
        self.email(field, text).unwrap_or_else(|| {
            self.error(field, FieldError::Required);
            String::new()
        })
    }

    /// `value` if nothing was wrong, all errors otherwise.
    pub fn finish<T>(self, value: T) -> Result<T, Problem> {
        if self.errors.is_empty() { Ok(value) } else { Err(Problem::Invalid(self.errors)) }
    }
}

/// One error of one field.
pub fn invalid(field: &str, error: FieldError) -> Problem {
    Problem::Invalid(vec![InvalidField { field: field.to_owned(), error }])
}

fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|c| !c.is_control() || *c == '\n' || *c == '\t')
        .collect::<String>()
        .trim()
        .to_owned()
}

fn one_line(text: String) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether `text` can be an address that email reaches: the `dot-atom` form of RFC 5322 with a domain of at least two
/// labels, within the lengths of RFC 5321. Quoted local parts and address literals are refused: no guest has one.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    text.len() <= 254
        && local.len() <= 64
        && local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
        && domain.contains('.')
        && domain.split('.').all(label)
        && !domain.rsplit('.').next().unwrap_or_default().chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_accepted() {
        for address in ["ada@example.org", "o'hara+list@sub.example.co.uk", "x@bücher.example", "a.b@example.museum"] {
            assert!(is_email(address), "{address}");
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "ada@example",
            "a b@example.org",
            "ada@exa mple.org",
            "ada@@example.org",
            "ada@example..org",
            ".ada@example.org",
            "ada.@example.org",
            "ada@-example.org",
            "ada@127.0.0.1",
            "ada@example.org\r\nBcc: eve@example.org",
            "<ada@example.org>",
        ] {
            assert!(!is_email(text), "{text:?}");
        }
        assert!(!is_email(&format!("{}@example.org", "a".repeat(65))));
    }

    #[test]
    fn every_fault_of_a_form_is_told_at_once() {
        let mut fields = Fields::default();
        fields.required("name", "  ", 10);
        fields.number("capacity", "many", 1, 5);
        fields.number("party_size", "99999999999", 1, 5);
        let Err(Problem::Invalid(errors)) = fields.finish(()) else { panic!("must be refused") };
        assert_eq!(errors.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(), ["name", "capacity", "party_size"]);
    }

    #[test]
    fn control_characters_never_pass() {
        let mut fields = Fields::default();
        assert_eq!(fields.required_line("name", " Ada\r\nBcc: x\u{0} ", 50), "Ada Bcc: x");
        assert_eq!(fields.optional("note", "one\r\ntwo\rthree", 50), "one\ntwo\nthree");
    }
}
