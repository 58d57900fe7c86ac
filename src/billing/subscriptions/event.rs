use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

/// An event of Stripe's, as far as it is read (docs.stripe.com/api/events).
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub kind: String,
    pub(super) happened: DateTime<Utc>,
    pub(super) live: Option<bool>,
    /// The connected account it is about; we have none.
    pub(super) account: Option<String>,
    pub(super) object: Value,
}

/// What stands around every event.
#[derive(Deserialize)]
struct Envelope {
    id: String,
    r#type: String,
    /// Seconds since 1970.
    created: i64,
    livemode: Option<bool>,
    account: Option<String>,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

impl Event {
    /// Reads an event; `None`: it is none.
    pub fn read(json: &[u8]) -> Option<Self> {
        let Envelope { id, r#type, created, livemode, account, data } = serde_json::from_slice(json).ok()?;
        let happened = DateTime::from_timestamp(created, 0)?;
        Some(Self { id, kind: r#type, happened, live: livemode, account, object: data.object })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.object.get(name)?.as_str()
    }

    /// The customer it is about.
    pub(super) fn customer(&self) -> Option<&str> {
        self.text(if self.kind.starts_with("customer.") && self.text("object") == Some("customer") {
            "id"
        } else {
            "customer"
        })
    }

    /// Events of one second: in this order they come in a subscription's life.
    pub(super) fn rank(&self) -> i16 {
        match &*self.kind {
            "customer.subscription.created" => 0,
            "customer.subscription.deleted" => 2,
            _ => 1,
        }
    }
}
