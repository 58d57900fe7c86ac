//! Parses SES events and notifications.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{DeliveryEvent, DeliveryReport, DeliveryStatus};

/// An event that SES publishes through SNS, or a notification of a verified identity: both have the same fields and name
/// their type differently (docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SesEvent {
    #[serde(alias = "notificationType")]
    event_type: String,
    mail: SesMail,
    bounce: Option<SesBounce>,
    complaint: Option<SesTimestamp>,
    delivery: Option<SesTimestamp>,
    open: Option<SesTimestamp>,
    delivery_delay: Option<SesTimestamp>,
    reject: Option<SesReject>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SesMail {
    timestamp: DateTime<Utc>,
    message_id: String,
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SesBounce {
    /// `Permanent`, `Transient` or `Undetermined`.
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
    timestamp: DateTime<Utc>,
    #[serde(default)]
    bounced_recipients: Vec<BouncedRecipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BouncedRecipient {
    diagnostic_code: Option<String>,
}

#[derive(Deserialize)]
struct SesTimestamp {
    timestamp: DateTime<Utc>,
}

#[derive(Deserialize)]
struct SesReject {
    #[serde(default)]
    reason: String,
}

/// Parses the message of a verified SNS notification with this `id`. `None`: it is not an SES event.
pub fn parse_ses(id: &str, message: &str) -> Option<DeliveryReport> {
    let event: SesEvent = serde_json::from_str(message).ok()?;
    let timestamp =
        [&event.complaint, &event.delivery, &event.open, &event.delivery_delay].into_iter().flatten().next();
    let (status, at, detail) = match (&*event.event_type, &event.bounce) {
        ("Bounce", Some(bounce)) => {
            let status = if bounce.bounce_type == "Permanent" {
                DeliveryStatus::HardBounced
            } else {
                DeliveryStatus::SoftBounced
            };
            let code = bounce.bounced_recipients.first().and_then(|recipient| recipient.diagnostic_code.clone());
            (Some(status), bounce.timestamp, code.unwrap_or_else(|| bounce.bounce_sub_type.clone()))
        }
        (kind, _) => {
            let status = match kind {
                "Send" => Some(DeliveryStatus::Sent),
                "Delivery" => Some(DeliveryStatus::Delivered),
                "DeliveryDelay" => Some(DeliveryStatus::Delayed),
                "Open" => Some(DeliveryStatus::Opened),
                "Complaint" => Some(DeliveryStatus::Complained),
                "Reject" | "Rendering Failure" => Some(DeliveryStatus::Failed),
                _ => None,
            };
            let reason = event.reject.as_ref().map(|reject| reject.reason.clone()).unwrap_or_default();
            (status, timestamp.map_or(event.mail.timestamp, |time| time.timestamp), reason)
        }
    };
    let tag = event.mail.tags.get("reference").and_then(|values| values.first());
    Some(DeliveryReport {
        provider: "ses",
        key: id.to_owned(),
        kind: event.event_type,
        event: status.map(|status| DeliveryEvent {
            reference: tag.and_then(|tag| tag.parse().ok()),
            provider_id: event.mail.message_id,
            status,
            at,
            detail,
        }),
    })
}
