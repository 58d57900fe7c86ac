//! Test messages and certificates, made by `server/tests/peers/fixtures.py`.

use chrono::{DateTime, Utc};

use super::SnsMessage;
use crate::WebhookError;

pub const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:mail";

pub const URL: &str =
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";

pub fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/src/sns/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub fn pem(name: &str) -> Vec<u8> {
    fixture(&format!("{name}.pem")).into_bytes()
}

/// Seconds after the messages' timestamp.
pub fn after(seconds: i64) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-24T12:00:00.123Z").unwrap().to_utc() + chrono::Duration::seconds(seconds)
}

/// Parses as in production, but accepts version 1.
pub fn parse(body: &str) -> Result<SnsMessage, WebhookError> {
    SnsMessage::parse(None, body.as_bytes(), &[TOPIC.to_owned()], after(0), true)
}

/// A genuine message with another certificate URL.
pub fn with_url(url: &str) -> Result<SnsMessage, WebhookError> {
    parse(&fixture("notification_2.json").replace(URL, url))
}
