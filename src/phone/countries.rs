//! Countries and their numbering plans, from libphonenumber's metadata.

use std::sync::LazyLock;

use phonenumber::{Mode, Type, metadata::DATABASE};
use regex::Regex;

use super::{COMMON, Country};

static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| {
    let mut countries: Vec<Country> = DATABASE.iter().filter_map(country).collect();
    countries.sort_by_key(|country| country.name.to_lowercase());
    countries
});

/// All countries with a numbering plan, by name.
pub fn all() -> &'static [Country] {
    &COUNTRIES
}

/// The countries listed first.
pub fn common() -> impl Iterator<Item = &'static Country> {
    COMMON.into_iter().filter_map(of)
}

/// The country of an ISO code.
pub fn of(iso: &str) -> Option<&'static Country> {
    COUNTRIES.iter().find(|country| country.iso == iso)
}

/// Whether all of `national` is a number of a country with that dial code. The check of the phonenumber crate looks at
/// the beginning only.
pub(super) fn fits(dial: &str, national: &str) -> bool {
    PATTERNS.iter().any(|(code, pattern)| *code == dial && pattern.is_match(national))
}

static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let pattern = |country: &'static Country| {
        // Valid: libphonenumber compiles these patterns as well.
        Some((&*country.dial, Regex::new(&format!("^(?:{})$", country.pattern)).ok()?))
    };
    COUNTRIES.iter().filter_map(pattern).collect()
});

fn country(metadata: &phonenumber::Metadata) -> Option<Country> {
    // Numbers that belong to no country, such as those of satellites, have digits for an id.
    let name = country_emoji::name(metadata.id())?;
    let general = metadata.descriptors().general();
    let number = [Type::Mobile, Type::FixedLineOrMobile, Type::FixedLine]
        .into_iter()
        .find_map(|kind| metadata.descriptors().get(kind)?.example())
        .or(general.example())?;
    let dial = metadata.country_code().to_string();
    let example = phonenumber::parse(None, format!("+{dial}{number}")).ok()?;
    Some(Country {
        iso: metadata.id().to_owned(),
        name: name.to_owned(),
        dial,
        trunk: metadata.national_prefix().unwrap_or_default().to_owned(),
        // The metadata breaks its patterns into lines.
        pattern: general.national_number().as_str().split_whitespace().collect(),
        lengths: lengths(metadata),
        main: metadata.is_main_country_for_code()
            || DATABASE.by_code(&metadata.country_code()).is_none_or(|all| all.len() == 1),
        example: example.format().mode(Mode::International).to_string(),
    })
}

/// Digits that numbers of people have.
fn lengths(metadata: &phonenumber::Metadata) -> Vec<u8> {
    const KINDS: [Type; 2] = [Type::FixedLine, Type::Mobile];
    let descriptors = KINDS.into_iter().filter_map(|kind| metadata.descriptors().get(kind));
    let mut lengths: Vec<u8> = descriptors
        .flat_map(|descriptor| descriptor.possible_length())
        .filter_map(|length| u8::try_from(*length).ok())
        .collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

/// The country of most local guests of an event in that time zone, an ISO code; empty if unclear.
pub fn of_time_zone(zone: &str) -> &'static str {
    let known = TIME_ZONES.iter().find(|(known, _)| *known == zone).map(|(_, country)| *country);
    known.unwrap_or(if zone.starts_with("America/") { "US" } else { "" })
}

const TIME_ZONES: [(&str, &str); 24] = [
    ("Europe/London", "GB"),
    ("Europe/Berlin", "DE"),
    ("Europe/Vienna", "AT"),
    ("Europe/Zurich", "CH"),
    ("Europe/Paris", "FR"),
    ("Europe/Madrid", "ES"),
    ("Europe/Rome", "IT"),
    ("Europe/Amsterdam", "NL"),
    ("Europe/Brussels", "BE"),
    ("Europe/Warsaw", "PL"),
    ("Europe/Lisbon", "PT"),
    ("Europe/Dublin", "IE"),
    ("Europe/Stockholm", "SE"),
    ("Europe/Oslo", "NO"),
    ("Europe/Copenhagen", "DK"),
    ("Europe/Helsinki", "FI"),
    ("Europe/Prague", "CZ"),
    ("Asia/Kolkata", "IN"),
    ("Asia/Tokyo", "JP"),
    ("America/Sao_Paulo", "BR"),
    ("America/Mexico_City", "MX"),
    ("America/Toronto", "CA"),
    ("Australia/Sydney", "AU"),
    ("Pacific/Auckland", "NZ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_a_name_a_code_and_a_valid_example() {
        assert!(all().len() > 235, "{}", all().len());
        for country in all() {
            let example = crate::phone::parse(&country.example, None);
            assert!(example.is_ok(), "{country:?}: {example:?}");
            assert!(!country.lengths.is_empty(), "{country:?}");
        }
        assert_eq!(
            of("GB").map(|uk| (uk.name.as_str(), uk.dial.as_str(), uk.flag())),
            Some(("United Kingdom", "44", "🇬🇧".into()))
        );
        assert_eq!(common().count(), COMMON.len());
        assert!(TIME_ZONES.iter().all(|(_, country)| of(country).is_some()));
    }
}
