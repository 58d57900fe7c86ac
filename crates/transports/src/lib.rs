//! Transports: send email and text messages through SMTP, Amazon SES, Resend and Twilio.
//!
//! [`Transports`] holds the configured [`Transport`] for email and, if there is one, that for text messages. A failure is a
//! [`SendError`] whose [`SendErrorKind`] says whether a retry makes sense and whether the address is at fault. Each transport
//! has a circuit breaker: the caller reports results to [`Transport::record`] and skips a transport that is not
//! [available](Transport::is_available). In development, [`DevOutbox`] writes messages to a folder instead.
//!
//! ```
//! use chrono::DateTime;
//! use transports::{DevOutbox, Provider, SendErrorKind, Transports};
//!
//! let outbox = Provider::DevOutbox(DevOutbox::new("outbox".into()));
//! let transports = Transports::new("Post <post@example.org>".parse()?, outbox, None);
//! let now = DateTime::UNIX_EPOCH;
//! for _ in 0..5 {
//!     transports.email().record(Some(SendErrorKind::Unavailable { retry_after: None }), now);
//! }
//! assert!(!transports.email().is_available(now));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

use std::time::Duration;

use chrono::{DateTime, Utc};

mod aws;
mod circuit_breaker;
mod dev_outbox;
mod email;
mod http;
mod reply;
mod resend;
mod send_permit;
mod ses;
mod smtp;
mod twilio;

pub use aws::Aws;
use circuit_breaker::CircuitBreaker;
pub use dev_outbox::DevOutbox;
pub use email::{CalendarFile, Email};
pub use lettre::message::Mailbox;
pub use reply::{classify_reply, redact_addresses};
pub use resend::Resend;
pub use send_permit::SendPermit;
pub use ses::Ses;
pub use smtp::Smtp;
pub use twilio::Twilio;

/// Longest wait for a provider's response.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// A text message that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsMessage {
    /// Names the file in the development outbox.
    pub message_id: String,
    /// E.164.
    pub to: String,
    pub body: String,
    /// The URL to which the provider posts delivery reports.
    pub callback: String,
}

/// A message that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutgoingMessage {
    Email(Box<Email>),
    Sms(SmsMessage),
}

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    pub kind: SendErrorKind,
    /// At most 500 characters, mostly the provider's own. May contain the recipient's address.
    pub detail: String,
}

/// A provider's acceptance of a message.
#[derive(Debug)]
pub struct Receipt {
    /// The provider's id, if it has one.
    pub id: Option<String>,
    /// Limits unrecorded sends to one, where the provider does not detect repeats. Drop it once the result is stored.
    pub permit: Option<SendPermit>,
}

/// What a failure says about the message, the address and the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendErrorKind {
    /// The provider is down or overloaded and accepted nothing. Retry later; pause the transport.
    Unavailable { retry_after: Option<Duration> },
    /// The provider defers this message. Retry later; other messages can be sent.
    Deferred,
    /// No response came, and the provider does not detect repeats: it may have accepted the message.
    Ambiguous,
    /// The mailbox or number does not exist.
    NoSuchAddress,
    /// The recipient's domain rejects our domain, because of missing authentication or too many messages.
    PolicyRejected,
    /// The recipient asked the provider to stop our messages.
    OptedOut,
    /// Rejected for a reason that says nothing about the address: policy, size, configuration.
    Rejected,
}

impl SendError {
    fn new(kind: SendErrorKind, detail: impl std::fmt::Display) -> Self {
        Self { kind, detail: detail.to_string().chars().take(500).collect() }
    }
}

/// The service behind a transport.
#[derive(Clone, Debug)]
pub enum Provider {
    Resend(Resend),
    Smtp(Smtp),
    Ses(Ses),
    Twilio(Twilio),
    DevOutbox(DevOutbox),
}

/// A provider with its circuit breaker. Clones share both.
#[derive(Clone, Debug)]
pub struct Transport {
    provider: Provider,
    breaker: CircuitBreaker,
}

impl Transport {
    fn new(provider: Provider) -> Self {
        Self { provider, breaker: CircuitBreaker::default() }
    }

    /// The provider's name, for the database and for metrics.
    pub fn name(&self) -> &'static str {
        match &self.provider {
            Provider::Resend(_) => "resend",
            Provider::Smtp(_) => "smtp",
            Provider::Ses(_) => "ses",
            Provider::Twilio(_) => "twilio",
            Provider::DevOutbox(_) => "outbox",
        }
    }

    /// Sends a message. The caller passes the result to [`Self::record`].
    pub async fn send(&self, message: &OutgoingMessage) -> Result<Receipt, SendError> {
        let without_permit = |id| Receipt { id, permit: None };
        match (&self.provider, message) {
            (Provider::Resend(resend), OutgoingMessage::Email(email)) => resend.send(email).await.map(without_permit),
            (Provider::Smtp(smtp), OutgoingMessage::Email(email)) => smtp.send(email).await,
            (Provider::Ses(ses), OutgoingMessage::Email(email)) => ses.send(email).await,
            (Provider::Twilio(twilio), OutgoingMessage::Sms(sms)) => twilio.send(sms).await,
            (Provider::DevOutbox(outbox), message) => outbox.send(message).await.map(|()| without_permit(None)),
            _ => Err(SendError::new(SendErrorKind::Rejected, "this provider does not send such messages")),
        }
    }

    /// Checks that the provider responds and accepts our credentials.
    ///
    /// # Errors
    /// The reason, for the operator.
    pub async fn ping(&self) -> anyhow::Result<()> {
        match &self.provider {
            Provider::Resend(resend) => resend.ping().await,
            Provider::Smtp(smtp) => smtp.ping().await,
            Provider::Ses(ses) => ses.ping().await,
            Provider::Twilio(twilio) => twilio.ping().await,
            Provider::DevOutbox(_) => Ok(()),
        }
    }

    /// Whether the circuit breaker lets messages through.
    pub fn is_available(&self, now: DateTime<Utc>) -> bool {
        !self.breaker.is_open(now)
    }

    /// Reports a result to the circuit breaker: the failure, or `None` after a success.
    pub fn record(&self, failure: Option<SendErrorKind>, now: DateTime<Utc>) {
        self.breaker.record(failure, now);
    }
}

/// The configured transports: one for email, and perhaps one for text messages. Clones share them.
#[derive(Clone, Debug)]
pub struct Transports {
    /// Our own address.
    pub from: Mailbox,
    email: Transport,
    sms: Option<Transport>,
}

impl Transports {
    /// Sends from the address `from`, through these providers.
    pub fn new(from: Mailbox, email: Provider, sms: Option<Provider>) -> Self {
        Self { from, email: Transport::new(email), sms: sms.map(Transport::new) }
    }

    /// The transport for email.
    pub fn email(&self) -> &Transport {
        &self.email
    }

    /// The transport for text messages.
    pub fn sms(&self) -> Option<&Transport> {
        self.sms.as_ref()
    }

    /// The development outbox, if email goes there.
    pub fn dev_outbox(&self) -> Option<&DevOutbox> {
        match &self.email.provider {
            Provider::DevOutbox(outbox) => Some(outbox),
            _ => None,
        }
    }
}
