use chrono::{DateTime, Utc};

use super::{News, Report, What};

/// What a verified status callback tells (twilio.com/docs/messaging/guides/track-outbound-message-status); `reference` is
/// what stood in its address. It names no time: it is told when it happens. `None` where no message is named.
pub fn of_twilio(fields: &[(String, String)], reference: Option<&str>, now: DateTime<Utc>) -> Option<Report> {
    let field = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let (sid, status) = (field("MessageSid")?, field("MessageStatus")?);
    let code = field("ErrorCode").unwrap_or_default();
    let what = match status {
        "sent" => Some(What::Sent),
        "delivered" => Some(What::Delivered),
        "read" => Some(What::Opened),
        // Unknown or unreachable for good; a landline (twilio.com/docs/api/errors).
        "undelivered" | "failed" if matches!(code, "30005" | "30006") => Some(What::HardBounced),
        "undelivered" => Some(What::SoftBounced),
        "failed" => Some(What::Failed),
        _ => None,
    };
    let detail = [code, field("ErrorMessage").unwrap_or_default()];
    Some(Report {
        provider: "twilio",
        key: format!("{sid}:{status}"),
        kind: status.to_owned(),
        news: what.map(|what| News {
            reference: reference.and_then(|reference| reference.parse().ok()),
            provider_id: sid.to_owned(),
            what,
            at: now,
            detail: detail.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" "),
        }),
    })
}
