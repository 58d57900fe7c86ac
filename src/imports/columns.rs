//! Column detection: from headings and cells to what each column of a file holds.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::table::{RawRow, SAMPLE};
use crate::{phone, problem::is_email};

mod headings;

use headings::{BARE, heading, key};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Column {
    Name,
    FirstName,
    LastName,
    Email,
    /// Preferred over [`Self::Phone`]: it takes messages.
    Mobile,
    Phone,
    PartySize,
    Tags,
    Note,
    /// Not imported.
    Other,
}

impl Column {
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "Full name",
            Self::FirstName => "First name",
            Self::LastName => "Last name",
            Self::Email => "Email",
            Self::Mobile => "Mobile phone",
            Self::Phone => "Phone",
            Self::PartySize => "Party size",
            Self::Tags => "Tags",
            Self::Note => "Note",
            Self::Other => "Skip column",
        }
    }

    /// The columns of an import, as stored.
    #[cfg(feature = "ssr")]
    pub(super) fn stored(names: &[String]) -> Vec<Self> {
        names.iter().map(|name| name.parse().unwrap_or(Self::Other)).collect()
    }
}

/// How a table is laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The first row names the columns.
    pub header: bool,
    pub columns: Vec<Column>,
    /// Full names are written `Lovelace, Ada`.
    pub last_name_first: bool,
}

/// Detects the layout of a file from its first rows.
pub fn detect(rows: &[RawRow]) -> Layout {
    let rows: Vec<Vec<String>> = rows.iter().take(SAMPLE).map(|row| row.cells.clone()).collect();
    layout(&rows)
}

fn layout(rows: &[Vec<String>]) -> Layout {
    let width = rows.iter().map(Vec::len).max().unwrap_or_default();
    let Some(first) = rows.first() else { return Layout::default() };
    let named: Vec<Option<Column>> = (0..width).map(|at| first.get(at).and_then(|cell| heading(cell))).collect();
    let first_is_data = first.iter().any(|cell| is_email(cell) || is_phone(cell));
    let header = !first_is_data && (named.iter().any(Option::is_some) || stands_out(rows));
    let data = if header { &rows[1..] } else { rows };
    let mut columns: Vec<Column> = match header {
        true => named.into_iter().map(|column| column.unwrap_or(Column::Other)).collect(),
        false => vec![Column::Other; width],
    };
    by_content(&mut columns, data);
    let bare = |at: usize| header && first.get(at).is_some_and(|heading| BARE.contains(&&*key(heading)));
    complete_names(&mut columns, bare);
    let full_name = columns.iter().position(|column| *column == Column::Name);
    Layout { header, last_name_first: full_name.is_some_and(|at| is_last_name_first(data, at)), columns }
}

/// Whether the first row differs from those below it in a column of addresses or numbers.
fn stands_out(rows: &[Vec<String>]) -> bool {
    let below = &rows[1..];
    let width = rows.iter().map(Vec::len).max().unwrap_or_default();
    (0..width).any(|at| share(below, at, is_email) > 0.6 || share(below, at, is_phone) > 0.6)
}

/// Gives columns that no heading named what their cells look like: an address and a number always, a name only where
/// there is none yet.
fn by_content(columns: &mut [Column], rows: &[Vec<String>]) {
    let has = |columns: &[Column], wanted: &[Column]| columns.iter().any(|column| wanted.contains(column));
    let known_before = !columns.iter().all(|column| *column == Column::Other);
    for at in 0..columns.len() {
        if columns[at] != Column::Other {
            continue;
        }
        if !has(columns, &[Column::Email]) && share(rows, at, is_email) > 0.6 {
            columns[at] = Column::Email;
        } else if !has(columns, &[Column::Phone, Column::Mobile])
            && share(rows, at, |cell| is_phone(cell) && (!known_before || cell.starts_with('+'))) > 0.6
        {
            columns[at] = Column::Phone;
        } else if !known_before && !has(columns, &[Column::PartySize]) && share(rows, at, is_party_size) > 0.6 {
            columns[at] = Column::PartySize;
        }
    }
    let names = [Column::Name, Column::FirstName, Column::LastName];
    if !known_before
        && !has(columns, &names)
        && let Some(at) = (0..columns.len()).find(|at| columns[*at] == Column::Other && share(rows, *at, is_word) > 0.6)
    {
        let single = |at: usize| share(rows, at, |cell| is_word(cell) && !cell.contains(char::is_whitespace)) > 0.8;
        let next = at + 1;
        if single(at) && next < columns.len() && columns[next] == Column::Other && single(next) {
            (columns[at], columns[next]) = (Column::FirstName, Column::LastName);
        } else {
            columns[at] = Column::Name;
        }
    }
}

/// `Name` beside a first name is a last name in several languages (`Vorname`, `Name`; `Prénom`, `Nom`), and `Nombre` or
/// `Nome` without a last name beside it is a whole name.
fn complete_names(columns: &mut [Column], is_bare: impl Fn(usize) -> bool) {
    let has = |columns: &[Column], column| columns.contains(&column);
    let bare = columns.iter().position(|column| *column == Column::Name).is_some_and(is_bare);
    if has(columns, Column::FirstName) && has(columns, Column::Name) && !has(columns, Column::LastName) {
        if bare {
            swap(columns, Column::Name, Column::LastName);
        } else {
            swap(columns, Column::FirstName, Column::Other);
        }
    } else if !has(columns, Column::FirstName) && has(columns, Column::Name) && has(columns, Column::LastName) {
        swap(columns, Column::Name, Column::FirstName);
    } else if has(columns, Column::FirstName) && !has(columns, Column::LastName) && !has(columns, Column::Name) {
        swap(columns, Column::FirstName, Column::Name);
    } else if has(columns, Column::Name) && has(columns, Column::FirstName) && has(columns, Column::LastName) {
        // An address book that writes the name twice: the whole one is enough.
        swap(columns, Column::FirstName, Column::Other);
        swap(columns, Column::LastName, Column::Other);
    }
}

fn swap(columns: &mut [Column], from: Column, to: Column) {
    columns.iter_mut().filter(|column| **column == from).for_each(|column| *column = to);
}

fn is_last_name_first(rows: &[Vec<String>], at: usize) -> bool {
    let names: Vec<&str> =
        rows.iter().filter_map(|row| row.get(at)).map(String::as_str).filter(|n| !n.is_empty()).collect();
    names.len() > 1 && names.iter().all(|name| name.matches(',').count() == 1 && !name.ends_with(','))
}

/// The share of a column's non-empty cells that are so.
fn share(rows: &[Vec<String>], at: usize, is_so: impl Fn(&str) -> bool) -> f64 {
    let cells: Vec<&String> = rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.is_empty()).collect();
    if cells.is_empty() {
        return 0.0;
    }
    cells.iter().filter(|cell| is_so(cell)).count() as f64 / cells.len() as f64
}

fn is_phone(cell: &str) -> bool {
    !is_date(cell) && phone::normalise(cell).is_some_and(|number| (7..=16).contains(&number.len()))
}

/// `2027-06-20`, `20.6.2027`, `6/20/27`.
fn is_date(cell: &str) -> bool {
    let parts: Vec<&str> = cell.split(['-', '.', '/']).collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    parts.len() == 3
        && parts.iter().all(digits)
        && matches!([parts[0].len(), parts[1].len(), parts[2].len()], [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 2 | 4])
}

fn is_party_size(cell: &str) -> bool {
    cell.parse::<u32>().is_ok_and(|seats| (1..=crate::events::MOST_IN_PARTY).contains(&seats))
}

fn is_word(cell: &str) -> bool {
    cell.chars().next().is_some_and(char::is_alphabetic) && cell.chars().count() <= 120 && !cell.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(text: &str) -> (bool, String) {
        let rows: Vec<Vec<String>> =
            text.lines().map(|line| line.split(';').map(ToOwned::to_owned).collect()).collect();
        let layout = layout(&rows);
        (layout.header, layout.columns.iter().map(|column| column.into_str()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn headings_of_many_languages_are_detected() {
        for (text, columns) in [
            ("Name;E-Mail;Phone;# of seats;Group;Remarks", "name email phone party-size tags note"),
            ("Vorname;Name;E-Mail-Adresse;Handy", "first-name last-name email mobile"),
            ("Prénom;Nom;Courriel;Téléphone portable", "first-name last-name email mobile"),
            ("Nombre;Correo electrónico;Móvil", "name email mobile"),
            ("Nome;Cognome;Indirizzo e-mail;Cellulare", "first-name last-name email mobile"),
            ("Imię;Nazwisko;E-mail;Liczba osób", "first-name last-name email party-size"),
            (
                "First Name;Middle Name;Last Name;E-mail 1 - Label;E-mail 1 - Value;Phone 1 - Value",
                "first-name first-name last-name other email phone",
            ),
            ("Name;Surname;E-mail", "first-name last-name email"),
            ("First name;Full name", "other name"),
            ("SURNAME ;e_mail;Shoe size", "last-name email other"),
        ] {
            assert_eq!(detected(text), (true, columns.to_owned()), "{text}");
        }
    }

    #[test]
    fn columns_without_headings_are_detected_by_their_cells() {
        assert_eq!(
            detected("Ada Lovelace;ada@example.org;2\nGrace Hopper;grace@example.org;1"),
            (false, "name email party-size".into())
        );
        assert_eq!(
            detected("ada@example.org;Ada;Lovelace\ngrace@example.org;Grace;Hopper"),
            (false, "email first-name last-name".into())
        );
        assert_eq!(
            detected("x;y;z\nAda Lovelace;07911 123456;a@example.org\nBo Chan;07911 123457;b@example.org"),
            (true, "name phone email".into())
        );
        assert_eq!(
            detected(
                "Name;Email;Invited on;City\nAda;ada@example.org;2024-05-01;London\nBo;bo@example.org;2024-05-02;Paris"
            ),
            (true, "name email other other".into())
        );
        assert_eq!(detected("E-mail;City\nada@example.org;London"), (true, "email other".into()));
        assert_eq!(detected(""), (false, String::new()));
    }
}
