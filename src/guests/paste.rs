use serde::{Deserialize, Serialize};

use crate::problem::is_email;

/// One entry of a pasted list and what was understood of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The line it stands on, from 1.
    pub line: u32,
    /// As pasted.
    pub raw: String,
    pub reading: Reading,
}

/// What was understood of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    Guest(Person),
    /// The same address stands earlier in the list.
    Repeated(Person),
    Unclear(Unclear),
}

/// Name and ways to reach, as read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub email: Option<String>,
    /// As typed; the server checks it.
    pub phone: Option<String>,
}

/// Why an entry was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unclear {
    /// There is an @, but no address around it.
    BadAddress,
    /// More than one address in one entry.
    SeveralAddresses,
    TooLong,
}

/// Reads a pasted list: one person a line, or a mail program's whole To-field. Understood are `Ada Lovelace
/// <ada@example.org>`, `"Lovelace, Ada" <ada@example.org>`, `Ada Lovelace, ada@example.org`, tab or semicolon
/// separated columns as copied from a spreadsheet, a bare address, and a bare name; a phone number starts with `+`.
pub fn read(text: &str) -> Vec<Entry> {
    let mut seen: Vec<String> = Vec::new();
    let mut entries = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for raw in split_line(line) {
            let reading = match person(&raw) {
                Ok(person) => {
                    let address = person.email.as_deref().map(str::to_lowercase);
                    match address {
                        Some(address) if seen.contains(&address) => Reading::Repeated(person),
                        Some(address) => {
                            seen.push(address);
                            Reading::Guest(person)
                        }
                        None => Reading::Guest(person),
                    }
                }
                Err(why) => Reading::Unclear(why),
            };
            entries.push(Entry { line: number as u32 + 1, raw, reading });
        }
    }
    entries
}

/// The people of a list, or the numbers of the lines that were not understood.
pub fn people(entries: &[Entry]) -> Result<Vec<&Person>, Vec<u32>> {
    let unclear: Vec<u32> =
        entries.iter().filter(|e| matches!(e.reading, Reading::Unclear(_))).map(|e| e.line).collect();
    if unclear.is_empty() {
        Ok(entries.iter().filter_map(|e| if let Reading::Guest(p) = &e.reading { Some(p) } else { None }).collect())
    } else {
        Err(unclear)
    }
}

/// Splits a line into people. Commas and semicolons part people only where each part carries its own address, so
/// that `Ada Lovelace, ada@example.org` stays one person and a To-field becomes many.
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

fn person(raw: &str) -> Result<Person, Unclear> {
    if raw.chars().count() > 500 {
        return Err(Unclear::TooLong);
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
                    (true, _) if email.is_some() => return Err(Unclear::SeveralAddresses),
                    (true, _) => email = Some(word.to_owned()),
                    (false, true) => return Err(Unclear::BadAddress),
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
        (0, Some(number)) => Ok(Person { name: number.clone(), email, phone }),
        (0, None) => Err(Unclear::BadAddress),
        (n, _) if n > 120 => Err(Unclear::TooLong),
        _ => Ok(Person { name, email, phone }),
    }
}

/// `Lovelace, Ada` in front of an address is a turned name; other commas part columns.
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

    fn one(text: &str) -> Reading {
        let entries = read(text);
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries[0].reading.clone()
    }

    fn guest(name: &str, email: &str) -> Reading {
        Reading::Guest(Person { name: name.into(), email: Some(email.into()), phone: None })
    }

    #[test]
    fn the_forms_people_paste_are_understood() {
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
    fn a_whole_to_field_becomes_its_people() {
        let readings: Vec<_> = read("Ada <ada@example.org>, \"Hopper, Grace\" <grace@example.org>; alan@example.org")
            .into_iter()
            .map(|entry| entry.reading)
            .collect();
        assert_eq!(
            readings,
            [
                guest("Ada", "ada@example.org"),
                guest("Grace Hopper", "grace@example.org"),
                guest("Alan", "alan@example.org")
            ]
        );
    }

    #[test]
    fn names_and_phones_without_an_address_are_people_too() {
        assert_eq!(
            one("Zoë Ångström 🎈"),
            Reading::Guest(Person { name: "Zoë Ångström 🎈".into(), email: None, phone: None })
        );
        let phone =
            Reading::Guest(Person { name: "Grace Hopper".into(), email: None, phone: Some("+44 7911 123456".into()) });
        assert_eq!(one("Grace Hopper +44 7911 123456"), phone);
        assert_eq!(one("Grace Hopper, +44 7911 123456"), phone);
    }

    #[test]
    fn what_is_not_understood_says_why() {
        assert_eq!(one("Ada <ada@example>"), Reading::Unclear(Unclear::BadAddress));
        assert_eq!(one(&"x".repeat(501)), Reading::Unclear(Unclear::TooLong));
        assert_eq!(one("Ada a@example.org b@example.org"), Reading::Unclear(Unclear::SeveralAddresses));
        assert_eq!(people(&read("Ada\nb@@example.org\nGrace\n@")), Err(vec![2, 4]));
    }

    #[test]
    fn a_repeated_address_counts_once() {
        let entries = read("Ada <ada@example.org>\nA. L. <ADA@example.org>");
        assert!(matches!(entries[1].reading, Reading::Repeated(_)));
        assert_eq!(people(&entries).map(|people| people.len()), Ok(1));
    }

    #[test]
    fn empty_lines_are_nobody() {
        assert!(read("\n \n,\n;;\n").iter().all(|entry| !matches!(entry.reading, Reading::Guest(_))));
    }
}
