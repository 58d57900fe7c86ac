//! Maps the cells of a row to a guest form.

use super::columns::{Column, Layout};
use crate::guests::{GuestForm, paste::name_from};

/// The guest form of a row, not validated yet.
pub fn form(layout: &Layout, cells: &[String]) -> GuestForm {
    let of = |wanted: Column| {
        let pairs = layout.columns.iter().zip(cells).filter(move |(column, _)| **column == wanted);
        pairs.map(|(_, cell)| cell.as_str()).filter(|cell| !cell.is_empty())
    };
    // Where an address book lists several, the first is the one it shows.
    let first = |wanted: Column| of(wanted).flat_map(parts).next().unwrap_or_default();
    let email = first(Column::Email).trim_start_matches("mailto:").to_owned();
    let phone =
        Some(first(Column::Mobile)).filter(|phone| !phone.is_empty()).unwrap_or(first(Column::Phone)).to_owned();
    let names = of(Column::FirstName).chain(of(Column::LastName)).collect::<Vec<_>>().join(" ");
    let name = match (of(Column::Name).next(), email.is_empty()) {
        (Some(name), _) => whole_name(name, layout.last_name_first),
        (None, _) if !names.is_empty() => names,
        (None, false) => name_from(&email),
        (None, true) => phone.clone(),
    };
    GuestForm {
        name,
        email,
        phone,
        country: String::new(),
        party_size: whole_number(of(Column::PartySize).next().unwrap_or_default()),
        tags: of(Column::Tags).flat_map(tags).collect::<Vec<_>>().join(", "),
        note: of(Column::Note).collect::<Vec<_>>().join("\n"),
    }
}

/// Whether a row has a name, whole or in parts.
pub fn has_name(layout: &Layout, cells: &[String]) -> bool {
    let is_name = |column: &Column| matches!(column, Column::Name | Column::FirstName | Column::LastName);
    layout.columns.iter().zip(cells).any(|(column, cell)| is_name(column) && !cell.is_empty())
}

/// Google's way to put several values into one cell.
fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(":::").map(str::trim).filter(|part| !part.is_empty())
}

/// Google marks its own groups, such as `* myContacts`, by an asterisk.
fn tags(cell: &str) -> impl Iterator<Item = &str> {
    let single = parts(cell).flat_map(|part| part.split([',', ';', '\n']));
    single.map(str::trim).filter(|tag| !tag.is_empty() && !tag.starts_with('*'))
}

fn whole_name(name: &str, last_name_first: bool) -> String {
    match name.split_once(',') {
        Some((family, given)) if last_name_first => format!("{} {}", given.trim(), family.trim()),
        _ => name.to_owned(),
    }
}

/// Spreadsheets write `2.0` for 2.
fn whole_number(text: &str) -> String {
    match text.split_once(['.', ',']) {
        Some((whole, rest)) if !rest.is_empty() && rest.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(columns: &[Column], cells: &[&str]) -> GuestForm {
        let layout = Layout { header: true, columns: columns.to_vec(), last_name_first: false };
        form(&layout, &cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn names_come_from_what_there_is() {
        use Column::{Email, FirstName, LastName, Name, Phone};
        assert_eq!(read(&[FirstName, FirstName, LastName], &["Ada", "King", "Lovelace"]).name, "Ada King Lovelace");
        assert_eq!(read(&[Name, Email], &["", "ada.lovelace@example.org"]).name, "Ada Lovelace");
        assert_eq!(read(&[Name, Phone], &["", "+44 7911 123456"]).name, "+44 7911 123456");
        assert_eq!(read(&[Name, Email], &["", ""]).name, "");
        let layout = Layout { header: true, columns: vec![Name], last_name_first: true };
        assert_eq!(form(&layout, &["Lovelace, Ada".into()]).name, "Ada Lovelace");
    }

    #[test]
    fn of_several_values_the_first_counts_and_a_mobile_number_before_others() {
        use Column::{Email, Mobile, Phone, Tags};
        let row = read(&[Email, Email, Phone, Mobile], &["", "a@example.org ::: b@example.org", "020 7946", "07911"]);
        assert_eq!((row.email.as_str(), row.phone.as_str()), ("a@example.org", "07911"));
        assert_eq!(read(&[Tags, Tags], &["* myContacts ::: Family; VIP", "Table 4"]).tags, "Family, VIP, Table 4");
    }

    #[test]
    fn numbers_of_spreadsheets_are_whole() {
        assert_eq!(read(&[Column::PartySize], &["2.0"]).party_size, "2");
        assert_eq!(read(&[Column::PartySize], &["2.5"]).party_size, "2.5");
    }
}
