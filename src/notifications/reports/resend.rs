use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{News, Report, What};

/// An event of Resend (resend.com/docs/dashboard/webhooks/event-types), of which only what we use is read.
#[derive(Deserialize)]
struct Event {
    r#type: String,
    created_at: DateTime<Utc>,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    email_id: String,
    tags: Tags,
    bounce: Bounce,
    failed: Failure,
}

/// Tags come as an object; older events had a list of names and values.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tags {
    Object { reference: Option<String> },
    List(Vec<Tag>),
}

impl Default for Tags {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Bounce {
    message: String,
    /// `Permanent`, `Transient` or `Undetermined`.
    r#type: String,
    #[serde(rename = "subType")]
    sub_type: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure {
    reason: String,
}

/// What a verified body of Resend's webhook tells; `id` is that of its delivery. `None` where it is no event at all.
pub fn of_resend(id: &str, body: &[u8]) -> Option<Report> {
    let event: Event = serde_json::from_slice(body).ok()?;
    let what = match &*event.r#type {
        "email.sent" => Some(What::Sent),
        "email.delivered" => Some(What::Delivered),
        "email.delivery_delayed" => Some(What::Delayed),
        "email.opened" => Some(What::Opened),
        "email.complained" => Some(What::Complained),
        "email.failed" | "email.suppressed" => Some(What::Failed),
        "email.bounced" => Some(match &*event.data.bounce.r#type {
            "Transient" | "Undetermined" => What::SoftBounced,
            _ => What::HardBounced,
        }),
        _ => None,
    };
    let tag = match event.data.tags {
        Tags::Object { reference } => reference,
        Tags::List(tags) => tags.into_iter().find(|tag| tag.name == "reference").map(|tag| tag.value),
    };
    let Bounce { message, sub_type, .. } = event.data.bounce;
    let detail = [sub_type, message, event.data.failed.reason];
    Some(Report {
        provider: "resend",
        key: id.to_owned(),
        kind: event.r#type,
        news: what.map(|what| News {
            reference: tag.and_then(|tag| tag.parse().ok()),
            provider_id: event.data.email_id,
            what,
            at: event.created_at,
            detail: detail.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(": "),
        }),
    })
}
