//! The `Stripe-Signature` header, after stripe-python's `_webhook.py`.
//!
//! What the caller still does: check `livemode` and `account`, and keep event ids, for one event comes more than once.

use chrono::{DateTime, Utc};
use hmac::Hmac;
use sha2::Sha256;

use crate::webhooks::{MOST_SIGNATURES, Refused, in_time, seconds, signed, small_enough, usable};

/// Checks the body against the header with every active secret; the whole `whsec_…` text is the key.
///
/// # Errors
/// The header is not one of Stripe's, no `v1` signature fits, or it was made more than five minutes from `now`. Stripe's
/// own library looks only at the past; a signature from the future could be replayed for longer.
pub fn verify(secrets: &[String], header: Option<&str>, body: &[u8], now: DateTime<Utc>) -> Result<(), Refused> {
    small_enough(body)?;
    let keys = usable(secrets)?;
    let Header { time, signatures } = Header::read(header.ok_or(Refused::Missing)?)?;
    let signed_at = seconds(time)?;
    let fits = |key: &str, signature| signed::<Hmac<Sha256>>(key.as_bytes(), &[time.as_bytes(), b".", body], signature);
    match signatures.iter().any(|signature| keys.iter().any(|key| fits(key, signature))) {
        true => in_time(signed_at, now),
        false => Err(Refused::WrongSignature),
    }
}

struct Header<'a> {
    time: &'a str,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Header<'a> {
    /// Takes only `t` and `v1`. Whatever else there is, `v0` above all, is a scheme that an attacker may choose.
    fn read(header: &'a str) -> Result<Self, Refused> {
        let named = |wanted| {
            let entries = header.split(',').filter_map(|entry| entry.split_once('='));
            entries.filter(move |(name, _)| *name == wanted).map(|(_, value)| value)
        };
        let mut times = named("t");
        let time = times.next().ok_or(Refused::Missing)?;
        if times.next().is_some() {
            return Err(Refused::Repeated);
        }
        match named("v1").count() {
            0 => Err(Refused::Missing),
            1..=MOST_SIGNATURES => Ok(Self { time, signatures: named("v1").filter_map(hash).collect() }),
            _ => Err(Refused::TooMany),
        }
    }
}

/// 32 bytes from 64 lower-case hexadecimal digits.
fn hash(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: [u8; 64] = text.as_bytes().try_into().ok()?;
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    /// The known answer of the reference, for the secret `whsec_test`.
    const V1: &str = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
    const OTHER: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    fn secrets(secrets: &[&str]) -> Vec<String> {
        secrets.iter().map(ToString::to_string).collect()
    }

    fn after(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    fn check(header: &str) -> Result<(), Refused> {
        verify(&secrets(&["whsec_test"]), Some(header), BODY, after(0))
    }

    #[test]
    fn a_header_without_time_or_signature_is_refused() {
        assert_eq!(verify(&secrets(&["whsec_test"]), None, BODY, after(0)), Err(Refused::Missing));
        for header in [String::new(), format!("v1={V1}"), "t=1700000000".into(), format!("t1700000000,v1={V1}")] {
            assert_eq!(check(&header), Err(Refused::Missing), "{header}");
        }
    }

    #[test]
    fn a_second_time_is_refused() {
        assert_eq!(check(&format!("t=1700000000,t=1700000000,v1={V1}")), Err(Refused::Repeated));
        // Two headers that something on the way has joined.
        assert_eq!(check(&format!("t=1700000000,v1={V1},t=1,v1={V1}")), Err(Refused::Repeated));
    }

    #[test]
    fn a_weaker_scheme_is_not_taken() {
        assert_eq!(check(&format!("t=1700000000,v0={V1}")), Err(Refused::Missing));
        assert_eq!(check(&format!("t=1700000000,v1={OTHER},v0={V1}")), Err(Refused::WrongSignature));
    }

    #[test]
    fn a_signature_has_one_spelling() {
        for v1 in [V1.to_uppercase(), format!("{V1}00"), V1[2..].into(), format!(" {V1}"), format!("={V1}"), "".into()]
        {
            assert_eq!(check(&format!("t=1700000000,v1={v1}")), Err(Refused::WrongSignature), "{v1}");
        }
    }

    #[test]
    fn more_than_ten_signatures_are_refused() {
        let others = format!("v1={OTHER},").repeat(9);
        assert_eq!(check(&format!("t=1700000000,{others}v1={V1}")), Ok(()));
        assert_eq!(check(&format!("t=1700000000,{others}v1={OTHER},v1={V1}")), Err(Refused::TooMany));
    }

    #[test]
    fn another_body_time_or_secret_is_refused() {
        let header = format!("t=1700000000,v1={V1}");
        let other_body = verify(&secrets(&["whsec_test"]), Some(&header), br#"{"id":"evt_2"}"#, after(0));
        assert_eq!(other_body, Err(Refused::WrongSignature));
        assert_eq!(check(&format!("t=1700000001,v1={V1}")), Err(Refused::WrongSignature));
        // The secret is the whole text, not what stands behind its prefix.
        assert_eq!(verify(&secrets(&["test"]), Some(&header), BODY, after(0)), Err(Refused::WrongSignature));
        assert_eq!(verify(&secrets(&[]), Some(&header), BODY, after(0)), Err(Refused::Unconfigured));
    }

    #[test]
    fn nobody_passes_with_the_empty_secret() {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(b"").unwrap();
        hmac::Mac::update(&mut mac, &[b"1700000000.", BODY].concat());
        let header = format!("t=1700000000,v1={:x}", hmac::Mac::finalize(mac).into_bytes());
        assert_eq!(verify(&secrets(&[""]), Some(&header), BODY, after(0)), Err(Refused::Unconfigured));
        assert_eq!(verify(&secrets(&["", "whsec_test"]), Some(&header), BODY, after(0)), Err(Refused::WrongSignature));
    }

    #[test]
    fn a_signature_holds_five_minutes_either_way() {
        let at =
            |seconds| verify(&secrets(&["whsec_test"]), Some(&format!("t=1700000000,v1={V1}")), BODY, after(seconds));
        assert_eq!(at(301), Err(Refused::Stale));
        assert_eq!(at(-301), Err(Refused::Early));
        assert_eq!((at(300), at(-300)), (Ok(()), Ok(())));
    }

    #[test]
    fn the_known_answer_passes_with_the_old_secret_or_the_new() {
        let header = format!("t=1700000000,v1={OTHER},v1={V1},v0={OTHER},v2=,x");
        for pair in [["whsec_test", "whsec_other"], ["whsec_other", "whsec_test"]] {
            assert_eq!(verify(&secrets(&pair), Some(&header), BODY, after(0)), Ok(()));
        }
        assert_eq!(verify(&secrets(&["whsec_other"]), Some(&header), BODY, after(0)), Err(Refused::WrongSignature));
    }

    #[test]
    fn a_body_of_more_than_256_kib_is_refused() {
        let body = vec![b' '; crate::webhooks::MOST_BYTES + 1];
        assert_eq!(verify(&secrets(&["whsec_test"]), Some("t=1"), &body, after(0)), Err(Refused::TooLarge));
    }
}
