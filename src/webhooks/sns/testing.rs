//! Messages and certificates that `server/tests/peers/fixtures.py` has made.

use chrono::{DateTime, Utc};

use super::Message;
use crate::webhooks::Refused;

pub const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:mail";

pub const ADDRESS: &str =
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";

pub fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/server/tests/peers/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub fn pem(name: &str) -> Vec<u8> {
    fixture(&format!("{name}.pem")).into_bytes()
}

/// The messages' own time, and so many seconds later.
pub fn after(seconds: i64) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-24T12:00:00.123Z").unwrap().to_utc() + chrono::Duration::seconds(seconds)
}

/// Admits as in production, but for version 1.
pub fn admit(body: &str) -> Result<Message, Refused> {
    Message::admit(None, body.as_bytes(), &[TOPIC.to_owned()], after(0), true)
}

/// A genuine message whose certificate's address is another.
pub fn at(address: &str) -> Result<Message, Refused> {
    admit(&fixture("notification_2.json").replace(ADDRESS, address))
}
