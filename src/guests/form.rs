//! Guest form: parses what a host, a paste or an import gives about a guest.

use serde::Serialize;

use super::{GuestDetails, GuestForm, paste::PastedGuest};
use crate::{
    events::MOST_IN_PARTY,
    phone,
    problem::{FieldError, Fields, Problem},
};

/// A parsed guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewGuest {
    pub name: String,
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// `None`: the event's default.
    pub party_size: Option<i32>,
    pub tags: Vec<String>,
    pub note: String,
}

impl GuestForm {
    /// Parses the form, or returns all its invalid fields.
    pub fn parse(&self) -> Result<NewGuest, Problem> {
        let mut fields = Fields::default();
        let name = parse_name(&mut fields, "name", &self.name);
        let email = fields.email("email", &self.email);
        let phone = parse_phone(&mut fields, "phone", &self.phone, &self.country);
        let party_size = fields.number("party_size", &self.party_size, 1, MOST_IN_PARTY).map(|seats| seats as i32);
        let tags = parse_tags(&mut fields, "tags", &self.tags);
        let note = fields.optional("note", &self.note, 1000);
        fields.finish(NewGuest { name, email, phone, party_size, tags, note })
    }

    /// The form to edit `guest`.
    pub fn of(guest: &GuestDetails) -> Self {
        Self {
            name: guest.name.clone(),
            email: guest.email.clone().unwrap_or_default(),
            phone: guest.phone.clone().unwrap_or_default(),
            country: guest.phone.as_deref().and_then(phone::region).unwrap_or_default(),
            party_size: guest.party_size.to_string(),
            tags: guest.tags.join(", "),
            note: guest.note.clone(),
        }
    }
}

impl NewGuest {
    /// Parses a guest of a pasted list.
    pub fn from_paste(person: &PastedGuest) -> Result<Self, Problem> {
        GuestForm {
            name: person.name.clone(),
            email: person.email.clone().unwrap_or_default(),
            phone: person.phone.clone().unwrap_or_default(),
            ..GuestForm::default()
        }
        .parse()
    }
}

/// A guest's name, on one line.
pub fn parse_name(fields: &mut Fields, field: &str, text: &str) -> String {
    fields.required_line(field, text, 120)
}

/// A phone number in E.164, or `None` for empty text. `country` is that of a number without a country code, or empty.
pub fn parse_phone(fields: &mut Fields, field: &str, text: &str, country: &str) -> Option<String> {
    if text.trim().is_empty() {
        return None;
    }
    let country = Some(country.trim()).filter(|iso| !iso.is_empty());
    phone::parse(text, country)
        .map_err(|error| {
            let region = phone::country_of(&phone::normalise(text).unwrap_or_default(), phone::countries::all())
                .map(|(named, _)| named)
                .or_else(|| phone::countries::of(country?));
            let example = region.map_or("+44 7911 123456", |region| &region.example).to_owned();
            fields.error(field, FieldError::Phone { error, example });
        })
        .ok()
}

/// Tags separated by commas or line ends; of those that differ in case only, the first.
pub(super) fn parse_tags(fields: &mut Fields, field: &str, text: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split([',', '\n']) {
        let tag = fields.optional_line(field, tag, 40);
        if !tag.is_empty() && !tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
            tags.push(tag);
        }
    }
    if tags.len() > 20 {
        fields.error(field, FieldError::TooMany(20));
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_become_e164() {
        for typed in ["+44 7911 123456", "0044 7911 123456", "+44 (0)7911-123456", "+447911123456"] {
            let guest = GuestForm { name: "Grace".into(), phone: typed.into(), ..GuestForm::default() }.parse();
            assert_eq!(guest.unwrap().phone.as_deref(), Some("+447911123456"), "{typed}");
        }
    }

    #[test]
    fn bad_fields_are_all_named() {
        let form = GuestForm {
            name: String::new(),
            email: "ada@".into(),
            phone: "07911 123456".into(),
            country: String::new(),
            party_size: "0".into(),
            tags: "x".repeat(41),
            note: "y".repeat(1001),
        };
        let Err(Problem::Invalid(faults)) = form.parse() else { panic!("must be refused") };
        let named: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(named, ["name", "email", "phone", "party_size", "tags", "note"]);
    }

    #[test]
    fn tags_are_trimmed_and_compared_without_case() {
        let form = GuestForm { name: "Ada".into(), tags: "Family, family , VIP,,".into(), ..GuestForm::default() };
        assert_eq!(form.parse().unwrap().tags, ["Family", "VIP"]);
    }
}
