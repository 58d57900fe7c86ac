//! What providers tell about messages they took.

mod apply;
/// A host's bounces and complaints, and when they are too many.
mod health;
mod resend;
mod ses;
mod subscription;
mod twilio;

pub use apply::apply;
pub use health::{Health, Standing};
pub use resend::of_resend;
pub use ses::of_ses;
pub use subscription::confirm_subscription;
pub use twilio::of_twilio;

use chrono::{DateTime, Utc};

use super::senders::Reference;

/// Something a provider told, before it is believed to be about a message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The provider's key in the database.
    pub provider: &'static str,
    /// Equal whenever the provider tells the same again.
    pub key: String,
    /// The provider's word for what happened.
    pub kind: String,
    /// `None`: nothing that we act on.
    pub news: Option<News>,
}

/// What happened to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Our own word for the message, where it came back.
    pub reference: Option<Reference>,
    /// The provider's.
    pub provider_id: String,
    pub what: What,
    /// When it happened, as the provider says.
    pub at: DateTime<Utc>,
    /// In the provider's or the server's words.
    pub detail: String,
}

/// What can happen to a message, in order: word of a later thing is never taken back by word of an earlier one, whichever
/// comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Put off; the provider tries on.
    Delayed,
    Sent,
    /// It came back, for a reason that may pass. Automatic answers are told like this too, after a delivery.
    SoftBounced,
    Delivered,
    /// It was opened: then it arrived.
    Opened,
    /// The provider gave up, for a reason that says nothing about the address.
    Failed,
    HardBounced,
    Complained,
}

impl What {
    /// The name in the history of a message.
    fn key(self) -> &'static str {
        match self {
            Self::Delayed => "delayed",
            Self::Sent => "sent",
            Self::SoftBounced | Self::HardBounced => "bounced",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::Failed => "failed",
            Self::Complained => "complained",
        }
    }
}
