//! Provider events: delivery reports from providers' webhooks, applied to the notifications they are about.

mod apply;
mod resend;
mod sender_reputation;
mod ses;
mod twilio;

pub use apply::apply;
pub use resend::parse_resend;
pub use sender_reputation::{Reputation, SenderReputation};
pub use ses::parse_ses;
pub use twilio::parse_twilio;

use chrono::{DateTime, TimeDelta, Utc};
use strum::IntoStaticStr;

use super::reference::Reference;
use crate::{backend::Backend, error::Result};

/// A webhook request from a provider, parsed but not yet matched to a notification of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// `webhook_events.provider`.
    pub provider: &'static str,
    /// Idempotency key: equal when the provider repeats the report.
    pub key: String,
    /// The provider's name for the event.
    pub kind: String,
    /// `None`: an event that we do not act on.
    pub event: Option<DeliveryEvent>,
}

/// What happened to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryEvent {
    /// Our own reference, if the provider returned it.
    pub reference: Option<Reference>,
    /// The provider's id of the message.
    pub provider_id: String,
    pub status: DeliveryStatus,
    /// The time of the event, by the provider's clock.
    pub at: DateTime<Utc>,
    /// Diagnostics of the provider or the recipient's server.
    pub detail: String,
}

/// Delivery status, in order: a report never replaces a later status, whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum DeliveryStatus {
    /// The provider keeps trying.
    Delayed,
    Sent,
    /// Bounced for a reason that may pass. Providers report automatic replies like this too, after the delivery.
    #[strum(serialize = "bounced")]
    SoftBounced,
    Delivered,
    Opened,
    /// The provider gave up, for a reason that says nothing about the address.
    Failed,
    #[strum(serialize = "bounced")]
    HardBounced,
    Complained,
}

/// How long a repeated report is recognised.
const IDEMPOTENCY_DAYS: i64 = 90;

/// Deletes the keys of old reports. Run by the schedule.
pub async fn delete_old_keys(backend: &Backend) -> Result<()> {
    let before = backend.clock.now() - TimeDelta::days(IDEMPOTENCY_DAYS);
    sqlx::query!("delete from webhook_events where received_at < $1", before).execute(&backend.db).await?;
    Ok(())
}
