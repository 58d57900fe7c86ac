use guestguard::phone::{Country, Wrong, country_of, plain};

/// What a typed number is so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    Empty,
    /// E.164, and of which country.
    Number {
        e164: String,
        iso: String,
    },
    /// What is wrong, a right number, and the country it seems to be of.
    Wrong {
        wrong: Wrong,
        example: String,
        iso: Option<String>,
    },
}

/// Reads a typed number; one that names no country is of `chosen`. `fits` tells whether a text matches a country's
/// pattern from its beginning to its end.
pub fn read(text: &str, chosen: &str, countries: &[Country], fits: impl Fn(&str, &str) -> bool) -> Reading {
    if text.trim().is_empty() {
        return Reading::Empty;
    }
    let chosen = countries.iter().find(|country| country.iso == chosen);
    let wrong = |wrong, country: Option<&Country>| Reading::Wrong {
        wrong,
        example: country.map_or("+44 7911 123456", |country| &country.example).to_owned(),
        iso: country.map(|country| country.iso.clone()),
    };
    let Some(plain) = plain(text).filter(|plain| plain.len() > 1) else { return wrong(Wrong::NotANumber, chosen) };
    let named = country_of(&plain, countries).map(|(named, _)| named);
    let Some(country) = (if plain.starts_with('+') { named } else { chosen }) else {
        return wrong(Wrong::NoCountry, None);
    };
    // Several countries share a code: the one that was chosen counts first.
    let chosen = chosen.filter(|chosen| chosen.dial == country.dial).unwrap_or(country);
    let sharing = countries.iter().filter(|other| other.dial == country.dial);
    for country in [chosen, country].into_iter().chain(sharing) {
        let digits = plain.strip_prefix('+').and_then(|rest| rest.strip_prefix(&*country.dial)).unwrap_or(&plain);
        // What is a prefix for dialling in most countries is part of the number in some.
        for number in [&*country.national(&plain), digits] {
            if fits(&country.pattern, number) {
                return Reading::Number { e164: format!("+{}{number}", country.dial), iso: country.iso.clone() };
            }
        }
    }
    let (country, national) = (chosen, chosen.national(&plain));
    wrong(country.length(&national).err().unwrap_or(Wrong::NotInUse), Some(country))
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
        let plain = plain(&country.example).unwrap();
        let national = country.national(&plain);
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
    fn browser_and_server_read_numbers_of_every_country_alike() {
        let (mut taken, mut only_here, mut only_there, mut all) = (0, 0, Vec::new(), 0);
        for country in countries::all() {
            for typed in made_up(country) {
                let here = read(&typed, &country.iso, countries::all(), fits);
                match (parse(&typed, Some(&country.iso)), here) {
                    (Ok(there), Reading::Number { e164, .. }) => {
                        assert_eq!(e164, there, "{typed} in {}", country.iso);
                        taken += 1;
                    }
                    (Ok(_), _) => only_there.push(typed),
                    (Err(_), Reading::Number { .. }) => only_here += 1,
                    (Err(_), _) => {}
                }
                all += 1;
            }
        }
        assert!(taken > 5_000, "{taken} of {all}");
        // Countries that rewrote their numbers: the server knows the old forms, and what is told here stops nobody.
        assert!(only_there.len() * 100 < taken, "{} of {taken}: {only_there:?}", only_there.len());
        assert!(only_here * 10 < all, "{only_here} of {all} pass here and fail there");
    }

    #[test]
    fn a_number_picks_its_country_and_is_told_what_it_lacks() {
        let read = |text: &str, chosen: &str| read(text, chosen, countries::all(), fits);
        for (typed, chosen, e164, iso) in [
            ("+44 7911 123456", "DE", "+447911123456", "GB"),
            ("0044 7911-123456", "", "+447911123456", "GB"),
            ("tel:+4915123456789", "GB", "+4915123456789", "DE"),
            ("(201) 555-0123", "US", "+12015550123", "US"),
            ("+1 416 555 0123", "CA", "+14165550123", "CA"),
            ("٠٧٩١١ ١٢٣٤٥٦", "GB", "+447911123456", "GB"),
        ] {
            assert_eq!(read(typed, chosen), Reading::Number { e164: e164.into(), iso: iso.into() }, "{typed}");
        }
        for (typed, chosen, wrong) in [
            ("07911", "GB", Wrong::TooShort),
            ("07911 123456", "", Wrong::NoCountry),
            ("call", "GB", Wrong::NotANumber),
        ] {
            assert!(matches!(read(typed, chosen), Reading::Wrong { wrong: told, .. } if told == wrong), "{typed}");
        }
    }
}
