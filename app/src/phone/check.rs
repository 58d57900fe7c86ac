//! Phone number check in the browser, while typing.

use guestguard::phone::{Country, PhoneError, country_of, normalise};

/// A typed number as the browser understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypedNumber {
    Empty,
    /// In E.164, and its country.
    Valid {
        e164: String,
        iso: String,
    },
    /// With a valid example, and the country it seems to be of.
    Invalid {
        error: PhoneError,
        example: String,
        iso: Option<String>,
    },
}

/// Checks a typed number; one without a country code is of `chosen`. `fits` matches all of a text with a country's
/// pattern.
pub fn check(text: &str, chosen: &str, countries: &[Country], fits: impl Fn(&str, &str) -> bool) -> TypedNumber {
    if text.trim().is_empty() {
        return TypedNumber::Empty;
    }
    let chosen = countries.iter().find(|country| country.iso == chosen);
    let invalid = |error, country: Option<&Country>| TypedNumber::Invalid {
        error,
        example: country.map_or("+44 7911 123456", |country| &country.example).to_owned(),
        iso: country.map(|country| country.iso.clone()),
    };
    let Some(typed) = normalise(text).filter(|typed| typed.len() > 1) else {
        return invalid(PhoneError::NotANumber, chosen);
    };
    let named = country_of(&typed, countries).map(|(named, _)| named);
    let Some(country) = (if typed.starts_with('+') { named } else { chosen }) else {
        return invalid(PhoneError::NoCountry, None);
    };
    // Several countries share a code: the one that was chosen counts first.
    let chosen = chosen.filter(|chosen| chosen.dial == country.dial).unwrap_or(country);
    let sharing = countries.iter().filter(|other| other.dial == country.dial);
    for country in [chosen, country].into_iter().chain(sharing) {
        let digits = typed.strip_prefix('+').and_then(|rest| rest.strip_prefix(&*country.dial)).unwrap_or(&typed);
        // What is a prefix for dialling in most countries is part of the number in some.
        for number in [&*country.national(&typed), digits] {
            if fits(&country.pattern, number) {
                return TypedNumber::Valid { e164: format!("+{}{number}", country.dial), iso: country.iso.clone() };
            }
        }
    }
    let error = chosen.length(&chosen.national(&typed)).err().unwrap_or(PhoneError::NotInUse);
    invalid(error, Some(chosen))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::{cell::RefCell, collections::HashMap};

    use guestguard::phone::{countries, parse};

    use super::*;

    thread_local!(static COMPILED: RefCell<HashMap<String, regex::Regex>> = RefCell::default());

    fn fits(pattern: &str, number: &str) -> bool {
        let compile = || regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
        COMPILED.with_borrow_mut(|known| known.entry(pattern.to_owned()).or_insert_with(compile).is_match(number))
    }

    /// Numbers made from the example of a country: digits changed, dropped and added, in national and international form.
    fn made_up(country: &Country) -> Vec<String> {
        let national = country.national(&normalise(&country.example).unwrap());
        let mut random = 2_654_435_769_u32;
        let mut next = |below: usize| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) as usize % below
        };
        let mut numbers = Vec::new();
        for round in 0..30 {
            let mut digits: Vec<char> = national.chars().collect();
            for _ in 0..round % 4 {
                let at = next(digits.len());
                digits[at] = char::from(b'0' + next(10) as u8);
            }
            match round % 5 {
                3 => _ = digits.pop(),
                4 => digits.push(char::from(b'0' + next(10) as u8)),
                _ => {}
            }
            let digits: String = digits.into_iter().collect();
            numbers.push(format!("+{}{digits}", country.dial));
            numbers.push(format!("{}{digits}", country.trunk));
        }
        numbers
    }

    #[test]
    fn browser_and_server_agree_on_numbers_of_every_country() {
        let (mut valid, mut only_here, mut only_there, mut all) = (0, 0, Vec::new(), 0);
        for country in countries::all() {
            for typed in made_up(country) {
                let here = check(&typed, &country.iso, countries::all(), fits);
                match (parse(&typed, Some(&country.iso)), here) {
                    (Ok(there), TypedNumber::Valid { e164, .. }) => {
                        assert_eq!(e164, there, "{typed} in {}", country.iso);
                        valid += 1;
                    }
                    (Ok(_), _) => only_there.push(typed),
                    (Err(_), TypedNumber::Valid { .. }) => only_here += 1,
                    (Err(_), _) => {}
                }
                all += 1;
            }
        }
        assert!(valid > 5_000, "{valid} of {all}");
        // Countries that changed their numbers: the server knows the old forms, and the browser's message stops nobody.
        assert!(only_there.len() * 100 < valid, "{} of {valid}: {only_there:?}", only_there.len());
        assert!(only_here * 10 < all, "{only_here} of {all} pass here and fail there");
    }

    #[test]
    fn a_number_selects_its_country_and_an_invalid_one_says_why() {
        let check = |text: &str, chosen: &str| check(text, chosen, countries::all(), fits);
        for (typed, chosen, e164, iso) in [
            ("+44 7911 123456", "DE", "+447911123456", "GB"),
            ("0044 7911-123456", "", "+447911123456", "GB"),
            ("tel:+4915123456789", "GB", "+4915123456789", "DE"),
            ("(201) 555-0123", "US", "+12015550123", "US"),
            ("+1 416 555 0123", "CA", "+14165550123", "CA"),
            ("٠٧٩١١ ١٢٣٤٥٦", "GB", "+447911123456", "GB"),
        ] {
            assert_eq!(check(typed, chosen), TypedNumber::Valid { e164: e164.into(), iso: iso.into() }, "{typed}");
        }
        for (typed, chosen, expected) in [
            ("07911", "GB", PhoneError::TooShort),
            ("07911 123456", "", PhoneError::NoCountry),
            ("call", "GB", PhoneError::NotANumber),
        ] {
            assert!(matches!(check(typed, chosen), TypedNumber::Invalid { error, .. } if error == expected), "{typed}");
        }
    }
}
