//! Stripe webhook signatures: the `Stripe-Signature` header, as stripe-python's `_webhook.py` verifies it.
//!
//! The caller must check `livemode` and `account`, and store event ids, because Stripe sends an event more than once.

use chrono::{DateTime, Utc};
use hmac::Hmac;
use sha2::Sha256;

use crate::{MAX_SIGNATURES, WebhookError, check_size, check_timestamp, non_empty, parse_timestamp, verify_mac};

/// Verifies the body's signature with every active secret; the whole `whsec_…` text is the key.
///
/// # Errors
/// The header is malformed, no `v1` signature is valid, or its timestamp differs from `now` by more than five minutes.
/// Stripe's own library accepts timestamps in the future, which could be replayed for longer.
pub fn verify(secrets: &[String], header: Option<&str>, body: &[u8], now: DateTime<Utc>) -> Result<(), WebhookError> {
    check_size(body)?;
    let keys = non_empty(secrets)?;
    let Header { time, signatures } = Header::parse(header.ok_or(WebhookError::Missing)?)?;
    let signed_at = parse_timestamp(time)?;
    let is_valid =
        |key: &str, signature| verify_mac::<Hmac<Sha256>>(key.as_bytes(), &[time.as_bytes(), b".", body], signature);
    match signatures.iter().any(|signature| keys.iter().any(|key| is_valid(key, signature))) {
        true => check_timestamp(signed_at, now),
        false => Err(WebhookError::InvalidSignature),
    }
}

struct Header<'a> {
    time: &'a str,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Header<'a> {
    /// Reads only `t` and `v1`. An attacker could choose a weaker scheme, such as `v0`.
    fn parse(header: &'a str) -> Result<Self, WebhookError> {
        let named = |wanted| {
            let entries = header.split(',').filter_map(|entry| entry.split_once('='));
            entries.filter(move |(name, _)| *name == wanted).map(|(_, value)| value)
        };
        let mut times = named("t");
        let time = times.next().ok_or(WebhookError::Missing)?;
        if times.next().is_some() {
            return Err(WebhookError::Duplicate);
        }
        match named("v1").count() {
            0 => Err(WebhookError::Missing),
            1..=MAX_SIGNATURES => Ok(Self { time, signatures: named("v1").filter_map(parse_hash).collect() }),
            _ => Err(WebhookError::TooManySignatures),
        }
    }
}

/// Decodes 64 lower-case hexadecimal digits.
fn parse_hash(text: &str) -> Option<[u8; 32]> {
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
    /// What stripe-python computes with the secret `whsec_test`.
    const V1: &str = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
    const OTHER: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    fn secrets(secrets: &[&str]) -> Vec<String> {
        secrets.iter().map(ToString::to_string).collect()
    }

    fn after(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    fn check(header: &str) -> Result<(), WebhookError> {
        verify(&secrets(&["whsec_test"]), Some(header), BODY, after(0))
    }

    #[test]
    fn a_header_without_time_or_signature_is_refused() {
        assert_eq!(verify(&secrets(&["whsec_test"]), None, BODY, after(0)), Err(WebhookError::Missing));
        for header in [String::new(), format!("v1={V1}"), "t=1700000000".into(), format!("t1700000000,v1={V1}")] {
            assert_eq!(check(&header), Err(WebhookError::Missing), "{header}");
        }
    }

    #[test]
    fn a_second_time_is_refused() {
        assert_eq!(check(&format!("t=1700000000,t=1700000000,v1={V1}")), Err(WebhookError::Duplicate));
        // Two headers that a proxy has joined.
        assert_eq!(check(&format!("t=1700000000,v1={V1},t=1,v1={V1}")), Err(WebhookError::Duplicate));
    }

    #[test]
    fn a_weaker_scheme_is_rejected() {
        assert_eq!(check(&format!("t=1700000000,v0={V1}")), Err(WebhookError::Missing));
        assert_eq!(check(&format!("t=1700000000,v1={OTHER},v0={V1}")), Err(WebhookError::InvalidSignature));
    }

    #[test]
    fn a_signature_has_one_spelling() {
        for v1 in [V1.to_uppercase(), format!("{V1}00"), V1[2..].into(), format!(" {V1}"), format!("={V1}"), "".into()]
        {
            assert_eq!(check(&format!("t=1700000000,v1={v1}")), Err(WebhookError::InvalidSignature), "{v1}");
        }
    }

    #[test]
    fn more_than_ten_signatures_are_refused() {
        let others = format!("v1={OTHER},").repeat(9);
        assert_eq!(check(&format!("t=1700000000,{others}v1={V1}")), Ok(()));
        assert_eq!(check(&format!("t=1700000000,{others}v1={OTHER},v1={V1}")), Err(WebhookError::TooManySignatures));
    }

    #[test]
    fn another_body_time_or_secret_is_refused() {
        let header = format!("t=1700000000,v1={V1}");
        let other_body = verify(&secrets(&["whsec_test"]), Some(&header), br#"{"id":"evt_2"}"#, after(0));
        assert_eq!(other_body, Err(WebhookError::InvalidSignature));
        assert_eq!(check(&format!("t=1700000001,v1={V1}")), Err(WebhookError::InvalidSignature));
        // The secret is the whole text, including its prefix.
        assert_eq!(verify(&secrets(&["test"]), Some(&header), BODY, after(0)), Err(WebhookError::InvalidSignature));
        assert_eq!(verify(&secrets(&[]), Some(&header), BODY, after(0)), Err(WebhookError::Unconfigured));
    }

    #[test]
    fn an_empty_secret_is_never_used() {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(b"").unwrap();
        hmac::Mac::update(&mut mac, &[b"1700000000.", BODY].concat());
        let header = format!("t=1700000000,v1={:x}", hmac::Mac::finalize(mac).into_bytes());
        assert_eq!(verify(&secrets(&[""]), Some(&header), BODY, after(0)), Err(WebhookError::Unconfigured));
        assert_eq!(
            verify(&secrets(&["", "whsec_test"]), Some(&header), BODY, after(0)),
            Err(WebhookError::InvalidSignature)
        );
    }

    #[test]
    fn a_signature_is_valid_for_five_minutes_either_way() {
        let at =
            |seconds| verify(&secrets(&["whsec_test"]), Some(&format!("t=1700000000,v1={V1}")), BODY, after(seconds));
        assert_eq!(at(301), Err(WebhookError::TooOld));
        assert_eq!(at(-301), Err(WebhookError::InFuture));
        assert_eq!((at(300), at(-300)), (Ok(()), Ok(())));
    }

    #[test]
    fn either_of_two_active_secrets_verifies_a_signature() {
        let header = format!("t=1700000000,v1={OTHER},v1={V1},v0={OTHER},v2=,x");
        for pair in [["whsec_test", "whsec_other"], ["whsec_other", "whsec_test"]] {
            assert_eq!(verify(&secrets(&pair), Some(&header), BODY, after(0)), Ok(()));
        }
        assert_eq!(
            verify(&secrets(&["whsec_other"]), Some(&header), BODY, after(0)),
            Err(WebhookError::InvalidSignature)
        );
    }

    #[test]
    fn a_body_of_more_than_256_kib_is_rejected() {
        let body = vec![b' '; crate::MAX_BODY + 1];
        assert_eq!(verify(&secrets(&["whsec_test"]), Some("t=1"), &body, after(0)), Err(WebhookError::TooLarge));
    }
}
