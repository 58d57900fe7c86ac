//! Svix, through which Resend sends, and Standard Webhooks, its open form: svix-webhooks `rust/src/webhooks.rs` and the
//! standard-webhooks specification.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use hmac::Hmac;
use sha2::Sha256;

use crate::webhooks::{MOST_SIGNATURES, Refused, in_time, seconds, signed, small_enough};

/// Checks the body against one complete set of headers with every active secret. Returns the message's id, which stays
/// the same over retries and over replays by hand days later: what was handled is told by it.
///
/// # Errors
/// No set of headers is complete, no `v1` signature fits, or it was made more than five minutes from `now`.
pub fn verify<'a>(
    secrets: &[String],
    header: impl Fn(&str) -> Option<&'a str>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<String, Refused> {
    small_enough(body)?;
    let keys: Vec<_> = secrets.iter().filter_map(|secret| key(secret)).collect();
    if keys.is_empty() {
        return Err(Refused::Unconfigured);
    }
    let Headers { id, time, signature } = Headers::of(header)?;
    in_time(seconds(time)?, now)?;
    if id.is_empty() || id.contains('.') || std::str::from_utf8(body).is_err() {
        // With a dot in it, another id and time could be signed by the same text.
        return Err(Refused::Malformed);
    }
    let content = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    let fits = |key: &[u8], signature: &[u8]| signed::<Hmac<Sha256>>(key, &content, signature);
    match signatures(signature)?.iter().any(|signature| keys.iter().any(|key| fits(key, signature))) {
        true => Ok(id.to_owned()),
        false => Err(Refused::WrongSignature),
    }
}

/// Whether a configured secret is one: base64 of 24 to 64 bytes, as Standard Webhooks has it, mostly behind `whsec_`.
pub fn well_formed(secret: &str) -> bool {
    key(secret).is_some()
}

fn key(secret: &str) -> Option<Vec<u8>> {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

struct Headers<'a> {
    id: &'a str,
    time: &'a str,
    signature: &'a str,
}

impl<'a> Headers<'a> {
    /// The first complete set. Headers of two sets are never put together: only one of them may come from the sender.
    fn of(header: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Refused> {
        let set =
            |id, time, signature| Some(Self { id: header(id)?, time: header(time)?, signature: header(signature)? });
        set("svix-id", "svix-timestamp", "svix-signature")
            .or_else(|| set("webhook-id", "webhook-timestamp", "webhook-signature"))
            .ok_or(Refused::Missing)
    }
}

/// The `v1` signatures of a header. `v1a` (asymmetric) and all that cannot be read are as if they were not there.
fn signatures(header: &str) -> Result<Vec<Vec<u8>>, Refused> {
    if header.split(' ').nth(MOST_SIGNATURES).is_some() {
        return Err(Refused::TooMany);
    }
    let v1 = header.split(' ').filter_map(|entry| entry.strip_prefix("v1,"));
    Ok(v1.filter_map(|signature| BASE64_STANDARD.decode(signature).ok()).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// The known answer of the reference.
    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
    const V1: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
    const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const TIME: &str = "1649367553";

    fn after(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_649_367_553 + seconds, 0).unwrap()
    }

    fn with(secrets: &[&str], headers: &[(&str, &str)], body: &[u8], now: DateTime<Utc>) -> Result<String, Refused> {
        let secrets: Vec<_> = secrets.iter().map(ToString::to_string).collect();
        let headers: HashMap<_, _> = headers.iter().copied().collect();
        verify(&secrets, |name| headers.get(name).copied(), body, now)
    }

    fn check(id: &str, time: &str, signature: &str) -> Result<String, Refused> {
        let headers = [("svix-id", id), ("svix-timestamp", time), ("svix-signature", signature)];
        with(&[SECRET], &headers, BODY, after(0))
    }

    #[test]
    fn headers_of_two_sets_do_not_make_one() {
        let sets = [
            ["svix-id", "webhook-id"],
            ["svix-timestamp", "webhook-timestamp"],
            ["svix-signature", "webhook-signature"],
        ];
        for mixture in 0..8 {
            let name = |header: usize| sets[header][mixture >> header & 1];
            let headers = [(name(0), ID), (name(1), TIME), (name(2), V1)];
            let judged = with(&[SECRET], &headers, BODY, after(0));
            let whole = mixture == 0 || mixture == 7;
            assert_eq!(judged, if whole { Ok(ID.to_owned()) } else { Err(Refused::Missing) }, "{headers:?}");
        }
    }

    #[test]
    fn a_header_of_the_other_set_does_not_count() {
        let forged = [("svix-id", "msg_forged"), ("svix-timestamp", TIME), ("svix-signature", "v1,")];
        let genuine = [("webhook-id", ID), ("webhook-timestamp", TIME), ("webhook-signature", V1)];
        let both = [forged, genuine].concat();
        assert_eq!(with(&[SECRET], &both, BODY, after(0)), Err(Refused::WrongSignature));
        assert_eq!(with(&[SECRET], &both[1..], BODY, after(0)), Ok(ID.to_owned()), "the incomplete set is left alone");
    }

    #[test]
    fn an_id_with_a_dot_or_without_text_is_refused() {
        assert_eq!(check("", TIME, V1), Err(Refused::Malformed));
        assert_eq!(check("msg.1", TIME, V1), Err(Refused::Malformed));
    }

    #[test]
    fn a_body_that_is_not_text_is_refused() {
        let headers = [("svix-id", ID), ("svix-timestamp", TIME), ("svix-signature", V1)];
        assert_eq!(with(&[SECRET], &headers, b"\xff", after(0)), Err(Refused::Malformed));
        let large = vec![b' '; crate::webhooks::MOST_BYTES + 1];
        assert_eq!(with(&[SECRET], &headers, &large, after(0)), Err(Refused::TooLarge));
    }

    #[test]
    fn a_time_that_is_not_plain_decimal_is_refused() {
        for time in ["", "-1649367553", "+1649367553", "01649367553", "1649367553.0", " 1649367553", "1649367553, 1"] {
            assert_eq!(check(ID, time, V1), Err(Refused::Malformed), "{time:?}");
        }
    }

    #[test]
    fn only_v1_in_its_one_spelling_counts() {
        let unpadded = V1.trim_end_matches('=');
        let stray_bits = V1.replace("kw=", "kx=");
        for signature in
            ["", "v1", "v1,", unpadded, &stray_bits, &V1.replace("v1,", "v1a,"), &V1.replace("v1", "v2"), &V1[3..]]
        {
            assert_eq!(check(ID, TIME, signature), Err(Refused::WrongSignature), "{signature}");
        }
        let among_others = format!("v1a,{} v1,AAAA junk v1,? {V1}", &V1[3..]);
        assert_eq!(check(ID, TIME, &among_others), Ok(ID.to_owned()));
    }

    #[test]
    fn more_than_ten_signatures_are_refused() {
        assert_eq!(check(ID, TIME, &format!("{}{V1}", "v2,AAAA ".repeat(9))), Ok(ID.to_owned()));
        assert_eq!(check(ID, TIME, &format!("{}{V1}", "v2,AAAA ".repeat(10))), Err(Refused::TooMany));
    }

    #[test]
    fn a_signature_holds_five_minutes_either_way() {
        let headers = [("webhook-id", ID), ("webhook-timestamp", TIME), ("webhook-signature", V1)];
        let at = |seconds| with(&[SECRET], &headers, BODY, after(seconds));
        assert_eq!(at(301), Err(Refused::Stale));
        assert_eq!(at(-301), Err(Refused::Early));
        assert_eq!((at(300).is_ok(), at(-300).is_ok()), (true, true));
    }

    #[test]
    fn the_known_answer_passes_with_the_old_secret_or_the_new() {
        let headers = [("svix-id", ID), ("svix-timestamp", TIME), ("svix-signature", V1)];
        for secrets in [[SECRET, OTHER], [OTHER, SECRET]] {
            assert_eq!(with(&secrets, &headers, BODY, after(0)), Ok(ID.to_owned()));
        }
        assert_eq!(with(&[OTHER], &headers, BODY, after(0)), Err(Refused::WrongSignature));
        assert_eq!(with(&[OTHER], &headers, b"{}", after(0)), Err(Refused::WrongSignature));
    }

    #[test]
    fn a_secret_that_is_none_is_told_and_not_used() {
        let none = ["", "whsec_", "whsec_AAAA", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7o", "not base64!"];
        assert!(none.iter().all(|secret| !well_formed(secret)));
        assert!(well_formed(SECRET) && well_formed(SECRET.trim_start_matches("whsec_")));
        let headers = [("svix-id", ID), ("svix-timestamp", TIME), ("svix-signature", V1)];
        assert_eq!(with(&none, &headers, BODY, after(0)), Err(Refused::Unconfigured));
    }
}
