//! Stripe's webhook events.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

/// The fields that we read (docs.stripe.com/api/events).
#[derive(Clone, Debug)]
pub struct StripeEvent {
    pub id: String,
    pub kind: String,
    pub(super) happened: DateTime<Utc>,
    pub(super) live: Option<bool>,
    /// A connected account; we have none.
    pub(super) account: Option<String>,
    pub(super) object: Value,
}

#[derive(Deserialize)]
struct StripeEnvelope {
    id: String,
    r#type: String,
    /// Unix seconds.
    created: i64,
    livemode: Option<bool>,
    account: Option<String>,
    data: StripeEventData,
}

#[derive(Deserialize)]
struct StripeEventData {
    object: Value,
}

impl StripeEvent {
    /// Parses an event; `None` if malformed.
    pub fn read(json: &[u8]) -> Option<Self> {
        let StripeEnvelope { id, r#type, created, livemode, account, data } = serde_json::from_slice(json).ok()?;
        let happened = DateTime::from_timestamp(created, 0)?;
        Some(Self { id, kind: r#type, happened, live: livemode, account, object: data.object })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.object.get(name)?.as_str()
    }

    /// The customer's id.
    pub(super) fn customer(&self) -> Option<&str> {
        self.text(if self.kind.starts_with("customer.") && self.text("object") == Some("customer") {
            "id"
        } else {
            "customer"
        })
    }

    /// Order of a subscription's events within one second.
    pub(super) fn rank(&self) -> i16 {
        match &*self.kind {
            "customer.subscription.created" => 0,
            "customer.subscription.deleted" => 2,
            _ => 1,
        }
    }
}
