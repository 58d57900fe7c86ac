use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{News, Report, What};

/// An event that SES publishes by SNS, or a notification of a verified identity: both have the same fields and name
/// their kind differently (docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(alias = "notificationType")]
    event_type: String,
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Moment>,
    delivery: Option<Moment>,
    open: Option<Moment>,
    delivery_delay: Option<Moment>,
    reject: Option<Reject>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    timestamp: DateTime<Utc>,
    message_id: String,
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    /// `Permanent`, `Transient` or `Undetermined`.
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
    timestamp: DateTime<Utc>,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    diagnostic_code: Option<String>,
}

#[derive(Deserialize)]
struct Moment {
    timestamp: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Reject {
    #[serde(default)]
    reason: String,
}

/// What the message of a verified SNS notification tells; `id` is the notification's. `None` where it is no event of SES.
pub fn of_ses(id: &str, message: &str) -> Option<Report> {
    let event: Event = serde_json::from_str(message).ok()?;
    let moment = [&event.complaint, &event.delivery, &event.open, &event.delivery_delay].into_iter().flatten().next();
    let (what, at, detail) = match (&*event.event_type, &event.bounce) {
        ("Bounce", Some(bounce)) => {
            let what = if bounce.bounce_type == "Permanent" { What::HardBounced } else { What::SoftBounced };
            let code = bounce.bounced_recipients.first().and_then(|recipient| recipient.diagnostic_code.clone());
            (Some(what), bounce.timestamp, code.unwrap_or_else(|| bounce.bounce_sub_type.clone()))
        }
        (kind, _) => {
            let what = match kind {
                "Send" => Some(What::Sent),
                "Delivery" => Some(What::Delivered),
                "DeliveryDelay" => Some(What::Delayed),
                "Open" => Some(What::Opened),
                "Complaint" => Some(What::Complained),
                "Reject" | "Rendering Failure" => Some(What::Failed),
                _ => None,
            };
            let reason = event.reject.as_ref().map(|reject| reject.reason.clone()).unwrap_or_default();
            (what, moment.map_or(event.mail.timestamp, |moment| moment.timestamp), reason)
        }
    };
    let tag = event.mail.tags.get("reference").and_then(|values| values.first());
    Some(Report {
        provider: "ses",
        key: id.to_owned(),
        kind: event.event_type,
        news: what.map(|what| News {
            reference: tag.and_then(|tag| tag.parse().ok()),
            provider_id: event.mail.message_id,
            what,
            at,
            detail,
        }),
    })
}
