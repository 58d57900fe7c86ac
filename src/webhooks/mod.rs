//! Who sent a webhook: the signatures of Twilio, Amazon SNS, Svix (Resend) and Stripe, checked over the bytes as they
//! came. Nothing here knows a web framework; the time and the secrets are given, and only [`sns`] uses the network.
//!
//! Texts are held to their canonical form (base64 with padding and without stray bits, lower-case hex, decimals without
//! sign or leading zeros), so that no two texts mean the same.

use std::fmt;

use chrono::{DateTime, Utc};
use hmac::{Mac, digest::KeyInit};

pub mod sns;
pub mod stripe;
pub mod svix;
pub mod twilio;

/// The longest body that is looked at.
pub const MOST_BYTES: usize = 256 * 1024;

/// Signatures looked at in one header. Genuine ones carry one for each active secret; each more costs us a hash.
const MOST_SIGNATURES: usize = 10;

/// Seconds that the time in a signed header may be away from ours, either way.
const TOLERANCE: u64 = 300;

/// Why a webhook was turned away: for a log line and a metric, never for the sender. It repeats nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// A header or parameter that the check needs is not there.
    Missing,
    /// A header that must stand once stands twice.
    Repeated,
    /// Not in the form that the sender's documentation gives.
    Malformed,
    /// Longer than any genuine one.
    TooLarge,
    /// More signatures than any genuine header carries.
    TooMany,
    /// Of a kind or content type that we do not take.
    UnknownKind,
    /// For an SNS topic that is not ours.
    UnknownTopic,
    /// Delivered raw by SNS, hence unsigned.
    Raw,
    /// Signed in a way that was given up as too weak.
    Outdated,
    /// The certificate's address is not one that SNS uses for the topic.
    ForeignAddress,
    /// Signed too long ago.
    Stale,
    /// Signed in the future.
    Early,
    /// The certificate is not a readable RSA certificate.
    BadCertificate,
    /// The certificate is not valid yet or any more.
    CertificateExpired,
    /// The certificate is not the one of SNS in the topic's region.
    WrongName,
    /// The certificate's key is too short.
    WeakKey,
    /// The certificate could not be fetched. Our trouble or Amazon's, not the sender's: answer 503, so that it is resent.
    Unreachable,
    /// The body is not the one whose hash was signed.
    WrongBody,
    /// No signature fits.
    WrongSignature,
    /// We have no secret to check with.
    Unconfigured,
}

impl Refused {
    /// The word for a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
            Self::UnknownKind => "unknown_kind",
            Self::UnknownTopic => "unknown_topic",
            Self::Raw => "raw",
            Self::Outdated => "outdated",
            Self::ForeignAddress => "foreign_address",
            Self::Stale => "stale",
            Self::Early => "early",
            Self::BadCertificate => "bad_certificate",
            Self::CertificateExpired => "certificate_expired",
            Self::WrongName => "wrong_name",
            Self::WeakKey => "weak_key",
            Self::Unreachable => "unreachable",
            Self::WrongBody => "wrong_body",
            Self::WrongSignature => "wrong_signature",
            Self::Unconfigured => "unconfigured",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl std::error::Error for Refused {}

/// The one value of a header, from all that came under its name.
///
/// # Errors
/// The header came twice, so that another reader could have taken the other one; or it is not ASCII.
pub fn single<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<&'a str>, Refused> {
    let mut values = values.into_iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Refused::Repeated);
    }
    let text = first.map(|value| std::str::from_utf8(value).map_err(|_| Refused::Malformed)).transpose()?;
    match text.is_none_or(str::is_ascii) {
        true => Ok(text),
        false => Err(Refused::Malformed),
    }
}

fn small_enough(body: &[u8]) -> Result<(), Refused> {
    if body.len() > MOST_BYTES { Err(Refused::TooLarge) } else { Ok(()) }
}

/// The secrets that can be checked with. An empty one is a gap in the configuration: anybody can sign with it.
fn usable(secrets: &[String]) -> Result<Vec<&str>, Refused> {
    let usable: Vec<_> = secrets.iter().map(String::as_str).filter(|secret| !secret.is_empty()).collect();
    if usable.is_empty() { Err(Refused::Unconfigured) } else { Ok(usable) }
}

/// Whether `signature` is the MAC of all `parts` together. Compares in constant time.
fn signed<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let Ok(mut mac) = <M as Mac>::new_from_slice(key) else { return false };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(signature).is_ok()
}

/// Seconds since 1970, in the one way to write them.
fn seconds(text: &str) -> Result<i64, Refused> {
    let canonical = text.bytes().all(|digit| digit.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if !canonical {
        return Err(Refused::Malformed);
    }
    text.parse().map_err(|_| Refused::Malformed)
}

/// Replays are only possible for as long as this says.
fn in_time(signed_at: i64, now: DateTime<Utc>) -> Result<(), Refused> {
    let now = now.timestamp();
    match now.abs_diff(signed_at) <= TOLERANCE {
        true => Ok(()),
        false => Err(if signed_at < now { Refused::Stale } else { Refused::Early }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_came_twice_is_refused() {
        assert_eq!(single([b"a".as_slice(), b"a"]), Err(Refused::Repeated));
        assert_eq!(single([b"a".as_slice(), b"b", b"c"]), Err(Refused::Repeated));
        assert_eq!(single([b"a".as_slice()]), Ok(Some("a")));
        assert_eq!(single([]), Ok(None));
    }

    #[test]
    fn a_header_beyond_ascii_is_refused() {
        assert_eq!(single(["v1,\u{e9}".as_bytes()]), Err(Refused::Malformed));
        assert_eq!(single([b"v1,\xff".as_slice()]), Err(Refused::Malformed));
    }

    #[test]
    fn there_is_one_way_to_write_a_time() {
        for text in ["", "-1", "+1", "01", "00", " 1", "1 ", "1.0", "1e3", "0x1", "\u{661}", "9223372036854775808"] {
            assert_eq!(seconds(text), Err(Refused::Malformed), "{text:?}");
        }
        assert_eq!(seconds("0"), Ok(0));
        assert_eq!(seconds("9223372036854775807"), Ok(i64::MAX));
    }

    #[test]
    fn five_minutes_either_way_are_in_time_and_a_second_more_is_not() {
        let now = DateTime::UNIX_EPOCH + chrono::Duration::seconds(1_700_000_000);
        for (off, judged) in [(-301, Err(Refused::Stale)), (-300, Ok(())), (300, Ok(())), (301, Err(Refused::Early))] {
            assert_eq!(in_time(1_700_000_000 + off, now), judged, "{off}");
        }
        assert_eq!(in_time(i64::MAX, now), Err(Refused::Early));
        assert_eq!(in_time(0, now), Err(Refused::Stale));
    }

    #[test]
    fn an_empty_secret_is_no_secret() {
        assert_eq!(usable(&[]), Err(Refused::Unconfigured));
        assert_eq!(usable(&[String::new()]), Err(Refused::Unconfigured));
        assert_eq!(usable(&[String::new(), "s".into()]), Ok(vec!["s"]));
    }
}
