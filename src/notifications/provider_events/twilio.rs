//! Parses Twilio's status callbacks.

use chrono::{DateTime, Utc};

use super::{DeliveryEvent, DeliveryReport, DeliveryStatus};

/// Parses a verified status callback (twilio.com/docs/messaging/guides/track-outbound-message-status); `reference` comes from
/// its URL. Callbacks have no timestamp and are sent at once, so `now` is used. `None`: it names no message.
pub fn parse_twilio(
    fields: &[(String, String)],
    reference: Option<&str>,
    now: DateTime<Utc>,
) -> Option<DeliveryReport> {
    let field = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let (sid, name) = (field("MessageSid")?, field("MessageStatus")?);
    let code = field("ErrorCode").unwrap_or_default();
    let status = match name {
        "sent" => Some(DeliveryStatus::Sent),
        "delivered" => Some(DeliveryStatus::Delivered),
        "read" => Some(DeliveryStatus::Opened),
        // Unknown or unreachable for good; a landline (twilio.com/docs/api/errors).
        "undelivered" | "failed" if matches!(code, "30005" | "30006") => Some(DeliveryStatus::HardBounced),
        "undelivered" => Some(DeliveryStatus::SoftBounced),
        "failed" => Some(DeliveryStatus::Failed),
        _ => None,
    };
    let detail = [code, field("ErrorMessage").unwrap_or_default()];
    Some(DeliveryReport {
        provider: "twilio",
        key: format!("{sid}:{name}"),
        kind: name.to_owned(),
        event: status.map(|status| DeliveryEvent {
            reference: reference.and_then(|reference| reference.parse().ok()),
            provider_id: sid.to_owned(),
            status,
            at: now,
            detail: detail.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" "),
        }),
    })
}
