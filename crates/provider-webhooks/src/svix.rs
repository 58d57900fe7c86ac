//! Svix (Resend) and Standard Webhooks signatures, as svix-webhooks `rust/src/webhooks.rs` and the standard-webhooks
//! specification define them.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use hmac::Hmac;
use sha2::Sha256;

use crate::{MAX_SIGNATURES, WebhookError, check_size, check_timestamp, parse_timestamp, verify_mac};

/// Verifies the body's signature against one complete set of headers with every active secret. Returns the message id for
/// deduplication: it is the same for all retries, and when somebody resends the message days later.
///
/// # Errors
/// No set of headers is complete, no `v1` signature is valid, or the timestamp differs from `now` by more than five minutes.
pub fn verify<'a>(
    secrets: &[String],
    header: impl Fn(&str) -> Option<&'a str>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<String, WebhookError> {
    check_size(body)?;
    let keys: Vec<_> = secrets.iter().filter_map(|secret| decode_secret(secret)).collect();
    if keys.is_empty() {
        return Err(WebhookError::Unconfigured);
    }
    let Headers { id, time, signature } = Headers::find(header)?;
    check_timestamp(parse_timestamp(time)?, now)?;
    if id.is_empty() || id.contains('.') || std::str::from_utf8(body).is_err() {
        // With a dot in the id, the same signed text could mean another id and time.
        return Err(WebhookError::Malformed);
    }
    let content = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    let is_valid = |key: &[u8], signature: &[u8]| verify_mac::<Hmac<Sha256>>(key, &content, signature);
    match signatures(signature)?.iter().any(|signature| keys.iter().any(|key| is_valid(key, signature))) {
        true => Ok(id.to_owned()),
        false => Err(WebhookError::InvalidSignature),
    }
}

/// Whether a configured secret has the form of Standard Webhooks: base64 of 24 to 64 bytes, with or without `whsec_`.
pub fn is_secret(secret: &str) -> bool {
    decode_secret(secret).is_some()
}

fn decode_secret(secret: &str) -> Option<Vec<u8>> {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

struct Headers<'a> {
    id: &'a str,
    time: &'a str,
    signature: &'a str,
}

impl<'a> Headers<'a> {
    /// The first complete set. Sets are never mixed, because only one of them may come from the sender.
    fn find(header: impl Fn(&str) -> Option<&'a str>) -> Result<Self, WebhookError> {
        let set =
            |id, time, signature| Some(Self { id: header(id)?, time: header(time)?, signature: header(signature)? });
        set("svix-id", "svix-timestamp", "svix-signature")
            .or_else(|| set("webhook-id", "webhook-timestamp", "webhook-signature"))
            .ok_or(WebhookError::Missing)
    }
}

/// The `v1` signatures of a header. `v1a` (asymmetric) and unreadable entries are ignored.
fn signatures(header: &str) -> Result<Vec<Vec<u8>>, WebhookError> {
    if header.split(' ').nth(MAX_SIGNATURES).is_some() {
        return Err(WebhookError::TooManySignatures);
    }
    let v1 = header.split(' ').filter_map(|entry| entry.strip_prefix("v1,"));
    Ok(v1.filter_map(|signature| BASE64_STANDARD.decode(signature).ok()).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// The test vector of svix-webhooks.
    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
    const V1: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
    const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const TIME: &str = "1649367553";

    fn after(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_649_367_553 + seconds, 0).unwrap()
    }

    fn with(
        secrets: &[&str],
        headers: &[(&str, &str)],
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<String, WebhookError> {
        let secrets: Vec<_> = secrets.iter().map(ToString::to_string).collect();
        let headers: HashMap<_, _> = headers.iter().copied().collect();
        verify(&secrets, |name| headers.get(name).copied(), body, now)
    }

    fn check(id: &str, time: &str, signature: &str) -> Result<String, WebhookError> {
        let headers = [("svix-id", id), ("svix-timestamp", time), ("svix-signature", signature)];
        with(&[SECRET], &headers, BODY, after(0))
    }

    #[test]
    fn headers_of_two_sets_are_not_mixed() {
        let sets = [
            ["svix-id", "webhook-id"],
            ["svix-timestamp", "webhook-timestamp"],
            ["svix-signature", "webhook-signature"],
        ];
        for mixture in 0..8 {
            let name = |header: usize| sets[header][mixture >> header & 1];
            let headers = [(name(0), ID), (name(1), TIME), (name(2), V1)];
            let result = with(&[SECRET], &headers, BODY, after(0));
            let whole = mixture == 0 || mixture == 7;
            assert_eq!(result, if whole { Ok(ID.to_owned()) } else { Err(WebhookError::Missing) }, "{headers:?}");
        }
    }

    #[test]
    fn only_the_first_complete_set_is_verified() {
        let forged = [("svix-id", "msg_forged"), ("svix-timestamp", TIME), ("svix-signature", "v1,")];
        let genuine = [("webhook-id", ID), ("webhook-timestamp", TIME), ("webhook-signature", V1)];
        let both = [forged, genuine].concat();
        assert_eq!(with(&[SECRET], &both, BODY, after(0)), Err(WebhookError::InvalidSignature));
        assert_eq!(with(&[SECRET], &both[1..], BODY, after(0)), Ok(ID.to_owned()), "an incomplete set is ignored");
    }

    #[test]
    fn an_empty_id_or_one_with_a_dot_is_rejected() {
        assert_eq!(check("", TIME, V1), Err(WebhookError::Malformed));
        assert_eq!(check("msg.1", TIME, V1), Err(WebhookError::Malformed));
    }

    #[test]
    fn a_body_that_is_not_utf8_is_rejected() {
        let headers = [("svix-id", ID), ("svix-timestamp", TIME), ("svix-signature", V1)];
        assert_eq!(with(&[SECRET], &headers, b"\xff", after(0)), Err(WebhookError::Malformed));
        let large = vec![b' '; crate::MAX_BODY + 1];
        assert_eq!(with(&[SECRET], &headers, &large, after(0)), Err(WebhookError::TooLarge));
    }

    #[test]
    fn a_timestamp_that_is_not_plain_decimal_is_rejected() {
        for time in ["", "-1649367553", "+1649367553", "01649367553", "1649367553.0", " 1649367553", "1649367553, 1"] {
            assert_eq!(check(ID, time, V1), Err(WebhookError::Malformed), "{time:?}");
        }
    }

    #[test]
    fn only_v1_in_its_one_spelling_is_valid() {
        let unpadded = V1.trim_end_matches('=');
        let stray_bits = V1.replace("kw=", "kx=");
        for signature in
            ["", "v1", "v1,", unpadded, &stray_bits, &V1.replace("v1,", "v1a,"), &V1.replace("v1", "v2"), &V1[3..]]
        {
            assert_eq!(check(ID, TIME, signature), Err(WebhookError::InvalidSignature), "{signature}");
        }
        let among_others = format!("v1a,{} v1,AAAA junk v1,? {V1}", &V1[3..]);
        assert_eq!(check(ID, TIME, &among_others), Ok(ID.to_owned()));
    }

    #[test]
    fn more_than_ten_signatures_are_rejected() {
        assert_eq!(check(ID, TIME, &format!("{}{V1}", "v2,AAAA ".repeat(9))), Ok(ID.to_owned()));
        assert_eq!(check(ID, TIME, &format!("{}{V1}", "v2,AAAA ".repeat(10))), Err(WebhookError::TooManySignatures));
    }

    #[test]
    fn a_signature_is_valid_for_five_minutes_either_way() {
        let headers = [("webhook-id", ID), ("webhook-timestamp", TIME), ("webhook-signature", V1)];
        let at = |seconds| with(&[SECRET], &headers, BODY, after(seconds));
        assert_eq!(at(301), Err(WebhookError::TooOld));
        assert_eq!(at(-301), Err(WebhookError::InFuture));
        assert_eq!((at(300).is_ok(), at(-300).is_ok()), (true, true));
    }

    #[test]
    fn either_of_two_active_secrets_verifies_a_signature() {
        let headers = [("svix-id", ID), ("svix-timestamp", TIME), ("svix-signature", V1)];
        for secrets in [[SECRET, OTHER], [OTHER, SECRET]] {
            assert_eq!(with(&secrets, &headers, BODY, after(0)), Ok(ID.to_owned()));
        }
        assert_eq!(with(&[OTHER], &headers, BODY, after(0)), Err(WebhookError::InvalidSignature));
        assert_eq!(with(&[OTHER], &headers, b"{}", after(0)), Err(WebhookError::InvalidSignature));
    }

    #[test]
    fn a_malformed_secret_is_detected_and_not_used() {
        let none = ["", "whsec_", "whsec_AAAA", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7o", "not base64!"];
        assert!(none.iter().all(|secret| !is_secret(secret)));
        assert!(is_secret(SECRET) && is_secret(SECRET.trim_start_matches("whsec_")));
        let headers = [("svix-id", ID), ("svix-timestamp", TIME), ("svix-signature", V1)];
        assert_eq!(with(&none, &headers, BODY, after(0)), Err(WebhookError::Unconfigured));
    }
}
