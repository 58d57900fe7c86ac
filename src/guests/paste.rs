//! Pasted guest lists: splits text into guests, in the browser and on the server.

use serde::{Deserialize, Serialize};

use crate::problem::is_email;

/// One entry of a pasted list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastedEntry {
    /// Its line, from 1.
    pub line: u32,
    /// As pasted.
    pub raw: String,
    pub parsed: ParsedEntry,
}

/// What an entry was parsed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParsedEntry {
    Guest(PastedGuest),
    /// An earlier entry has the same address.
    Repeated(PastedGuest),
    Unclear(PasteError),
}

/// Name and contact details, as pasted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastedGuest {
    pub name: String,
    pub email: Option<String>,
    /// Not validated yet.
    pub phone: Option<String>,
}

/// Why an entry was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PasteError {
    /// There is an @, but no address around it.
    BadAddress,
    /// More than one address in one entry.
    SeveralAddresses,
    TooLong,
}

impl PastedGuest {
    /// The email address in lower case, to compare.
    pub fn address(&self) -> Option<String> {
        self.email.as_deref().map(str::to_lowercase)
    }
}

/// Parses a pasted list: one guest a line, or an email program's whole To field. Understands `Ada Lovelace
/// <ada@example.org>`, `"Lovelace, Ada" <ada@example.org>`, `Ada Lovelace, ada@example.org`, tab or semicolon
/// separated columns as copied from a spreadsheet, a bare address, and a bare name; a phone number starts with `+`.
pub fn parse(text: &str) -> Vec<PastedEntry> {
    let mut seen: Vec<String> = Vec::new();
    let mut entries = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for raw in split_line(line) {
            let parsed = match guest(&raw) {
                Ok(guest) => match guest.address() {
                    Some(address) if seen.contains(&address) => ParsedEntry::Repeated(guest),
                    address => {
                        seen.extend(address);
                        ParsedEntry::Guest(guest)
                    }
                },
                Err(error) => ParsedEntry::Unclear(error),
            };
            entries.push(PastedEntry { line: number as u32 + 1, raw, parsed });
        }
    }
    entries
}

/// The guests of a list with their lines, or the lines that were not understood.
pub fn guests(entries: &[PastedEntry]) -> Result<Vec<(u32, &PastedGuest)>, Vec<u32>> {
    let unclear: Vec<u32> =
        entries.iter().filter(|e| matches!(e.parsed, ParsedEntry::Unclear(_))).map(|e| e.line).collect();
    if !unclear.is_empty() {
        return Err(unclear);
    }
    let guests = entries.iter().filter_map(|entry| match &entry.parsed {
        ParsedEntry::Guest(guest) => Some((entry.line, guest)),
        _ => None,
    });
    Ok(guests.collect())
}

/// Splits a line into guests. Commas and semicolons separate guests only if each part has its own address, so that `Ada Lovelace, ada@example.org` stays one person and a To-field becomes many.
fn split_line(line: &str) -> Vec<String> {
    let parts = outside_quotes(line);
    let several = parts.iter().filter(|part| part.contains('@')).count() > 1;
    let pieces = if several { join_names(parts) } else { vec![line.to_owned()] };
    pieces.into_iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
}

/// A part without an address belongs to the next part that has one: `Lovelace, Ada <ada@example.org>, …`.
fn join_names(parts: Vec<String>) -> Vec<String> {
    let mut people = Vec::new();
    let mut name = String::new();
    for part in parts {
        if part.contains('@') {
            people.push(format!("{name}{part}"));
            name.clear();
        } else if !part.trim().is_empty() {
            name = format!("{name}{}, ", part.trim());
        }
    }
    if !name.is_empty() {
        people.push(name.trim_end_matches(", ").to_owned());
    }
    people
}

fn outside_quotes(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut angled) = (false, false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            '<' => angled = true,
            '>' => angled = false,
            _ => {}
        }
        if (c == ',' || c == ';') && !quoted && !angled {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

fn guest(raw: &str) -> Result<PastedGuest, PasteError> {
    if raw.chars().count() > 500 {
        return Err(PasteError::TooLong);
    }
    let mut email = None;
    let mut phone = None;
    let mut name: Vec<String> = Vec::new();
    for column in raw.split(['\t', '<', '>', ';']).flat_map(columns) {
        let column = column.trim();
        if column.contains('@') {
            for word in column.split([' ', ',']).filter(|word| !word.is_empty()) {
                let word = word.trim_start_matches("mailto:").trim_matches(|c| "()[]\"'".contains(c));
                match (is_email(word), word.contains('@')) {
                    (true, _) if email.is_some() => return Err(PasteError::SeveralAddresses),
                    (true, _) => email = Some(word.to_owned()),
                    (false, true) => return Err(PasteError::BadAddress),
                    (false, false) => name.push(word.to_owned()),
                }
            }
        } else if let Some(start) = phone_start(column) {
            name.extend(words(&column[..start]));
            phone = Some(column[start..].trim().to_owned());
        } else {
            name.extend(words(column));
        }
    }
    let name = name.join(" ");
    let name = match email.as_deref() {
        Some(email) if name.is_empty() => name_from(email),
        _ => name,
    };
    match (name.chars().count(), &phone) {
        (0, Some(number)) => Ok(PastedGuest { name: number.clone(), email, phone }),
        (0, None) => Err(PasteError::BadAddress),
        (n, _) if n > 120 => Err(PasteError::TooLong),
        _ => Ok(PastedGuest { name, email, phone }),
    }
}

/// `Lovelace, Ada` in front of an address is a last name first; other commas separate columns.
fn columns(part: &str) -> Vec<String> {
    let part = part.trim();
    let bare = part.trim_matches('"');
    match bare.split_once(',') {
        Some((family, given)) if !bare.contains('@') && phone_start(given).is_none() && !given.contains(',') => {
            vec![format!("{} {}", given.trim(), family.trim())]
        }
        Some(_) => bare.split(',').map(ToOwned::to_owned).collect(),
        None => vec![bare.to_owned()],
    }
}

fn words(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| c == '"' || c == ',' || c.is_whitespace());
    (!text.is_empty()).then(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Where a phone number begins: a plus sign with at least seven digits behind it and nothing else.
fn phone_start(text: &str) -> Option<usize> {
    let start = text.find('+')?;
    let rest = &text[start + 1..];
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    (digits >= 7 && rest.chars().all(|c| c.is_ascii_digit() || " -().".contains(c))).then_some(start)
}

/// `ada.lovelace@example.org` reads as Ada Lovelace.
pub fn name_from(email: &str) -> String {
    let local = email.split(['@', '+']).next().unwrap_or_default();
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
    };
    let words: Vec<_> = local.split(['.', '_', '-']).filter(|word| !word.is_empty()).map(capital).collect();
    if words.is_empty() { email.to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> ParsedEntry {
        let entries = parse(text);
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries[0].parsed.clone()
    }

    fn guest(name: &str, email: &str) -> ParsedEntry {
        ParsedEntry::Guest(PastedGuest { name: name.into(), email: Some(email.into()), phone: None })
    }

    #[test]
    fn the_usual_forms_are_understood() {
        for line in [
            "Ada Lovelace <ada@example.org>",
            "\"Lovelace, Ada\" <ada@example.org>",
            "Lovelace, Ada <ada@example.org>",
            "Ada Lovelace, ada@example.org",
            "Ada Lovelace\tada@example.org",
            "Ada Lovelace;ada@example.org",
            "Ada Lovelace ada@example.org",
            "ada@example.org, Ada Lovelace",
            "  Ada   Lovelace  <mailto:ada@example.org> ",
        ] {
            assert_eq!(one(line), guest("Ada Lovelace", "ada@example.org"), "{line:?}");
        }
        assert_eq!(one("ada.lovelace+rsvp@example.org"), guest("Ada Lovelace", "ada.lovelace+rsvp@example.org"));
    }

    #[test]
    fn a_whole_to_field_becomes_several_guests() {
        let parsed: Vec<_> = parse("Ada <ada@example.org>, \"Hopper, Grace\" <grace@example.org>; alan@example.org")
            .into_iter()
            .map(|entry| entry.parsed)
            .collect();
        assert_eq!(
            parsed,
            [
                guest("Ada", "ada@example.org"),
                guest("Grace Hopper", "grace@example.org"),
                guest("Alan", "alan@example.org")
            ]
        );
    }

    #[test]
    fn names_and_phones_without_an_address_are_guests() {
        assert_eq!(
            one("Zoë Ångström 🎈"),
            ParsedEntry::Guest(PastedGuest { name: "Zoë Ångström 🎈".into(), email: None, phone: None })
        );
        let phone = ParsedEntry::Guest(PastedGuest {
            name: "Grace Hopper".into(),
            email: None,
            phone: Some("+44 7911 123456".into()),
        });
        assert_eq!(one("Grace Hopper +44 7911 123456"), phone);
        assert_eq!(one("Grace Hopper, +44 7911 123456"), phone);
    }

    #[test]
    fn an_unclear_entry_says_why() {
        assert_eq!(one("Ada <ada@example>"), ParsedEntry::Unclear(PasteError::BadAddress));
        assert_eq!(one(&"x".repeat(501)), ParsedEntry::Unclear(PasteError::TooLong));
        assert_eq!(one("Ada a@example.org b@example.org"), ParsedEntry::Unclear(PasteError::SeveralAddresses));
        assert_eq!(guests(&parse("Ada\nb@@example.org\nGrace\n@")), Err(vec![2, 4]));
    }

    #[test]
    fn a_repeated_address_counts_once() {
        let entries = parse("Ada <ada@example.org>\nA. L. <ADA@example.org>");
        assert!(matches!(entries[1].parsed, ParsedEntry::Repeated(_)));
        assert_eq!(guests(&entries).map(|guests| guests.len()), Ok(1));
    }

    #[test]
    fn empty_lines_are_skipped() {
        assert!(parse("\n \n,\n;;\n").iter().all(|entry| !matches!(entry.parsed, ParsedEntry::Guest(_))));
    }
}
