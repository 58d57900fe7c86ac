//! Webhook signature verification for Amazon SNS, Svix (Resend), Stripe and Twilio.
//!
//! Each module verifies the raw bytes of a request against the active secrets: [`svix::verify`], [`stripe::verify`],
//! [`twilio::verify`], and for SNS [`sns::SnsMessage`] with [`sns::Certificates`]. Several secrets can be active at a time,
//! so that one can replace another. The crate depends on no web framework; the caller passes headers, body, secrets and the
//! time. Only [`sns`] uses the network, to fetch certificates from Amazon.
//!
//! Every text has one accepted spelling: base64 with padding and without stray bits, lower-case hex, decimals without sign
//! or leading zeros.
//!
//! ```
//! use provider_webhooks::{WebhookError, stripe};
//!
//! let secrets = ["whsec_test".to_owned()];
//! let verified = stripe::verify(&secrets, Some("t=1700000000,v1=00"), b"{}", chrono::DateTime::UNIX_EPOCH);
//! assert_eq!(verified, Err(WebhookError::InvalidSignature));
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

use chrono::{DateTime, Utc};
use hmac::{Mac, digest::KeyInit};

pub mod sns;
pub mod stripe;
pub mod svix;
pub mod twilio;

/// Size limit of a webhook's body, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// Signatures accepted in one header. Genuine headers carry one for each active secret, and each costs us a hash.
const MAX_SIGNATURES: usize = 10;

/// Accepted difference between the signed time and ours, in seconds, either way.
const TOLERANCE: u64 = 300;

/// Why a webhook was rejected: for a log line and a metric, never for the sender. It repeats nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum WebhookError {
    /// A required header or parameter is missing.
    Missing,
    /// A header or parameter that must occur once occurs twice.
    Duplicate,
    /// The form differs from the provider's documentation.
    Malformed,
    /// The body exceeds [`MAX_BODY`].
    TooLarge,
    /// The header holds more signatures than any genuine one.
    TooManySignatures,
    /// The SNS message type or the content type is not supported.
    UnsupportedType,
    /// The SNS topic is not one of ours.
    UnknownTopic,
    /// SNS raw message delivery, which is not signed.
    RawDelivery,
    /// The signature version is too weak.
    OutdatedVersion,
    /// The certificate's URL is not the one that SNS uses for the topic.
    UntrustedCertificateUrl,
    /// Signed too long ago.
    TooOld,
    /// Signed in the future.
    InFuture,
    /// Not a readable RSA certificate.
    InvalidCertificate,
    /// The certificate is not yet valid, or no longer.
    CertificateExpired,
    /// The certificate belongs to another name than that of SNS in the topic's region.
    CertificateNameMismatch,
    /// The certificate's key is too short.
    WeakKey,
    /// The certificate could not be fetched. The sender is not at fault: answer 503, so that the provider retries.
    CertificateUnavailable,
    /// The body does not match its signed hash.
    BodyHashMismatch,
    /// No signature is valid.
    InvalidSignature,
    /// No secret is configured.
    Unconfigured,
}

impl WebhookError {
    /// The name as a metric's label, in snake case.
    pub fn label(self) -> &'static str {
        self.into()
    }
}

impl std::error::Error for WebhookError {}

/// The value of a header that may occur once.
///
/// # Errors
/// `Duplicate`, because another reader could have read the other value; `Malformed` unless the value is ASCII.
pub fn single<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<&'a str>, WebhookError> {
    let mut values = values.into_iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(WebhookError::Duplicate);
    }
    let text = first.map(|value| std::str::from_utf8(value).map_err(|_| WebhookError::Malformed)).transpose()?;
    match text.is_none_or(str::is_ascii) {
        true => Ok(text),
        false => Err(WebhookError::Malformed),
    }
}

fn check_size(body: &[u8]) -> Result<(), WebhookError> {
    if body.len() > MAX_BODY { Err(WebhookError::TooLarge) } else { Ok(()) }
}

/// The secrets without empty ones, with which anybody could sign.
fn non_empty(secrets: &[String]) -> Result<Vec<&str>, WebhookError> {
    let secrets: Vec<_> = secrets.iter().map(String::as_str).filter(|secret| !secret.is_empty()).collect();
    if secrets.is_empty() { Err(WebhookError::Unconfigured) } else { Ok(secrets) }
}

/// Whether `signature` is the MAC of the concatenated `parts`, compared in constant time.
fn verify_mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let Ok(mut mac) = <M as Mac>::new_from_slice(key) else { return false };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(signature).is_ok()
}

/// Parses seconds since 1970.
fn parse_timestamp(text: &str) -> Result<i64, WebhookError> {
    let canonical = text.bytes().all(|digit| digit.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if !canonical {
        return Err(WebhookError::Malformed);
    }
    text.parse().map_err(|_| WebhookError::Malformed)
}

/// Limits the time in which a request can be replayed.
fn check_timestamp(signed_at: i64, now: DateTime<Utc>) -> Result<(), WebhookError> {
    let now = now.timestamp();
    match now.abs_diff(signed_at) <= TOLERANCE {
        true => Ok(()),
        false => Err(if signed_at < now { WebhookError::TooOld } else { WebhookError::InFuture }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_header_is_rejected() {
        assert_eq!(single([b"a".as_slice(), b"a"]), Err(WebhookError::Duplicate));
        assert_eq!(single([b"a".as_slice(), b"b", b"c"]), Err(WebhookError::Duplicate));
        assert_eq!(single([b"a".as_slice()]), Ok(Some("a")));
        assert_eq!(single([]), Ok(None));
    }

    #[test]
    fn a_header_that_is_not_ascii_is_rejected() {
        assert_eq!(single(["v1,\u{e9}".as_bytes()]), Err(WebhookError::Malformed));
        assert_eq!(single([b"v1,\xff".as_slice()]), Err(WebhookError::Malformed));
    }

    #[test]
    fn a_timestamp_has_one_spelling() {
        for text in ["", "-1", "+1", "01", "00", " 1", "1 ", "1.0", "1e3", "0x1", "\u{661}", "9223372036854775808"] {
            assert_eq!(parse_timestamp(text), Err(WebhookError::Malformed), "{text:?}");
        }
        assert_eq!(parse_timestamp("0"), Ok(0));
        assert_eq!(parse_timestamp("9223372036854775807"), Ok(i64::MAX));
    }

    #[test]
    fn timestamps_may_differ_by_five_minutes_either_way() {
        let now = DateTime::UNIX_EPOCH + chrono::Duration::seconds(1_700_000_000);
        for (off, expected) in
            [(-301, Err(WebhookError::TooOld)), (-300, Ok(())), (300, Ok(())), (301, Err(WebhookError::InFuture))]
        {
            assert_eq!(check_timestamp(1_700_000_000 + off, now), expected, "{off}");
        }
        assert_eq!(check_timestamp(i64::MAX, now), Err(WebhookError::InFuture));
        assert_eq!(check_timestamp(0, now), Err(WebhookError::TooOld));
    }

    #[test]
    fn empty_secrets_are_not_used() {
        assert_eq!(non_empty(&[]), Err(WebhookError::Unconfigured));
        assert_eq!(non_empty(&[String::new()]), Err(WebhookError::Unconfigured));
        assert_eq!(non_empty(&[String::new(), "s".into()]), Ok(vec!["s"]));
    }
}
