//! Phone number validation, by libphonenumber.

use phonenumber::Mode;

use super::{PhoneError, countries, country_of, normalise};

/// Parses a typed number to E.164. `country` is that of a number without a country code, an ISO code.
pub fn parse(text: &str, country: Option<&str>) -> Result<String, PhoneError> {
    let typed = normalise(text)
        .filter(|typed| typed.bytes().any(|digit| digit.is_ascii_digit()))
        .ok_or(PhoneError::NotANumber)?;
    let region = match typed.starts_with('+') {
        true => None,
        false => Some(country.and_then(|iso| iso.parse().ok()).ok_or(PhoneError::NoCountry)?),
    };
    let number = phonenumber::parse(region, &typed).map_err(|cause| match cause {
        phonenumber::ParseError::TooShortNsn | phonenumber::ParseError::TooShortAfterIdd => PhoneError::TooShort,
        phonenumber::ParseError::TooLong => PhoneError::TooLong,
        phonenumber::ParseError::InvalidCountryCode => PhoneError::NoCountry,
        _ => PhoneError::NotANumber,
    })?;
    let e164 = number.format().mode(Mode::E164).to_string();
    let dial = number.country().code().to_string();
    let digits = e164.trim_start_matches('+').strip_prefix(&*dial).unwrap_or_default();
    if phonenumber::is_valid(&number) && countries::fits(&dial, digits) {
        return Ok(e164);
    }
    let named = country_of(&typed, countries::all()).map(|(named, _)| named);
    match named.or_else(|| countries::of(country?)) {
        Some(known) => known.length(&number.national().to_string()).and(Err(PhoneError::NotInUse)),
        None => Err(PhoneError::NoCountry),
    }
}

/// The ISO code of the country of a number in E.164.
pub fn region(e164: &str) -> Option<String> {
    country_of(e164, countries::all()).map(|(country, _)| country.iso.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_e164() {
        for (typed, country, number) in [
            ("07911 123456", Some("GB"), "+447911123456"),
            ("+44 (0)7911-123456", None, "+447911123456"),
            ("0044 7911 123456", Some("DE"), "+447911123456"),
            ("0151 23456789", Some("DE"), "+4915123456789"),
            ("312 345 6789", Some("IT"), "+393123456789"),
            ("(201) 555-0123", Some("US"), "+12015550123"),
            ("06 12 34 56 78", Some("FR"), "+33612345678"),
        ] {
            assert_eq!(parse(typed, country).as_deref(), Ok(number), "{typed}");
        }
    }

    #[test]
    fn invalid_numbers_are_refused_with_a_reason() {
        for (typed, country, error) in [
            ("07911 123456", None, PhoneError::NoCountry),
            ("call me", Some("GB"), PhoneError::NotANumber),
            ("", Some("GB"), PhoneError::NotANumber),
            ("+44 7911 1234", None, PhoneError::TooShort),
            ("+44 7911 123456789", None, PhoneError::TooLong),
            ("+44 1111 123456", None, PhoneError::NotInUse),
            ("+999 7911 123456", None, PhoneError::NoCountry),
        ] {
            assert_eq!(parse(typed, country), Err(error), "{typed}");
        }
        assert_eq!(region("+447911123456").as_deref(), Some("GB"));
    }
}
