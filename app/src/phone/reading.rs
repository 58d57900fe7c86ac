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
    let country = match plain.starts_with('+') {
        // Where several countries share a code, the one that was chosen stays.
        true => match country_of(&plain, countries) {
            Some((named, _)) => chosen.filter(|chosen| chosen.dial == named.dial).or(Some(named)),
            None => None,
        },
        false => chosen,
    };
    let Some(country) = country else { return wrong(Wrong::NoCountry, None) };
    let national = country.national(&plain);
    // A country whose numbers begin with what elsewhere is a prefix for dialling keeps it.
    let kept = plain.strip_prefix('+').and_then(|rest| rest.strip_prefix(&*country.dial)).unwrap_or(&plain).to_owned();
    for number in [national.clone(), kept] {
        if fits(&country.pattern, &number) {
            return Reading::Number { e164: format!("+{}{number}", country.dial), iso: country.iso.clone() };
        }
    }
    wrong(country.length(&national).err().unwrap_or(Wrong::NotInUse), Some(country))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use guestguard::phone::{countries, parse};

    use super::*;

    fn fits(pattern: &str, number: &str) -> bool {
        regex::Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(number)
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
    fn the_browser_never_refuses_what_the_server_takes_and_reads_it_alike() {
        let (mut taken, mut only_here, mut all) = (0, 0, 0);
        for country in countries::all() {
            for typed in made_up(country) {
                let here = read(&typed, &country.iso, countries::all(), fits);
                match (parse(&typed, Some(&country.iso)), here) {
                    (Ok(there), Reading::Number { e164, .. }) => {
                        assert_eq!(e164, there, "{typed} in {}", country.iso);
                        taken += 1;
                    }
                    (Ok(there), here) => panic!("{typed} in {} is {there}, but here {here:?}", country.iso),
                    (Err(_), Reading::Number { .. }) => only_here += 1,
                    (Err(_), _) => {}
                }
                all += 1;
            }
        }
        assert!(taken > 5_000, "{taken} of {all}");
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
