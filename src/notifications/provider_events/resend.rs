//! Parses Resend's webhook events.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{DeliveryEvent, DeliveryReport, DeliveryStatus};

/// An event of Resend (resend.com/docs/dashboard/webhooks/event-types), with only the fields that we use.
#[derive(Deserialize)]
struct ResendEvent {
    r#type: String,
    created_at: DateTime<Utc>,
    #[serde(default)]
    data: ResendData,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResendData {
    email_id: String,
    tags: ResendTags,
    bounce: ResendBounce,
    failed: ResendFailure,
}

/// Tags come as an object; older events had a list of names and values.
#[derive(Deserialize)]
#[serde(untagged)]
enum ResendTags {
    Object { reference: Option<String> },
    List(Vec<ResendTag>),
}

impl Default for ResendTags {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

#[derive(Deserialize)]
struct ResendTag {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResendBounce {
    message: String,
    /// `Permanent`, `Transient` or `Undetermined`.
    r#type: String,
    #[serde(rename = "subType")]
    sub_type: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResendFailure {
    reason: String,
}

/// Parses the body of a verified webhook request with this delivery `id`. `None`: it is not an event.
pub fn parse_resend(id: &str, body: &[u8]) -> Option<DeliveryReport> {
    let event: ResendEvent = serde_json::from_slice(body).ok()?;
    let status = match &*event.r#type {
        "email.sent" => Some(DeliveryStatus::Sent),
        "email.delivered" => Some(DeliveryStatus::Delivered),
        "email.delivery_delayed" => Some(DeliveryStatus::Delayed),
        "email.opened" => Some(DeliveryStatus::Opened),
        "email.complained" => Some(DeliveryStatus::Complained),
        "email.failed" | "email.suppressed" => Some(DeliveryStatus::Failed),
        "email.bounced" => Some(match &*event.data.bounce.r#type {
            "Transient" | "Undetermined" => DeliveryStatus::SoftBounced,
            _ => DeliveryStatus::HardBounced,
        }),
        _ => None,
    };
    let tag = match event.data.tags {
        ResendTags::Object { reference } => reference,
        ResendTags::List(tags) => tags.into_iter().find(|tag| tag.name == "reference").map(|tag| tag.value),
    };
    let ResendBounce { message, sub_type, .. } = event.data.bounce;
    let detail = [sub_type, message, event.data.failed.reason];
    Some(DeliveryReport {
        provider: "resend",
        key: id.to_owned(),
        kind: event.r#type,
        event: status.map(|status| DeliveryEvent {
            reference: tag.and_then(|tag| tag.parse().ok()),
            provider_id: event.data.email_id,
            status,
            at: event.created_at,
            detail: detail.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": "),
        }),
    })
}
