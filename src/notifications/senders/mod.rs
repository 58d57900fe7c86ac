use std::{path::Path, time::Duration};

use lettre::message::Mailbox;

mod aws;
mod gate;
mod http;
mod mail;
/// The development outbox: messages as files instead of mail.
pub mod outbox;
mod resend;
mod ses;
mod smtp;
mod status;
mod twilio;

pub use aws::Aws;
use gate::Turn;
pub use mail::{Mail, is_sender};
pub use outbox::Outbox;
pub use resend::Resend;
pub use ses::Ses;
pub use smtp::Smtp;
pub use status::{nameless, refusal};
pub use twilio::Twilio;

use super::Channel;
use crate::ids::{NotificationId, UserId};

/// Longest wait for a provider's answer.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Which of our messages a provider speaks of. It travels with the message and comes back with what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    pub host: UserId,
    pub id: NotificationId,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.host.0.simple(), self.id.0.simple())
    }
}

impl std::str::FromStr for Reference {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, id) = text.split_once('_').unwrap_or((text, ""));
        Ok(Self { host: UserId(host.parse()?), id: NotificationId(id.parse()?) })
    }
}

/// A text message ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub reference: Reference,
    /// E.164.
    pub to: String,
    pub body: String,
    /// Where the provider tells what became of it.
    pub callback: String,
}

/// A message ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Mail(Box<Mail>),
    Text(Text),
}

/// Why a message was not sent; the words are for the host's eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    pub cause: Cause,
    pub words: String,
}

/// A message that a provider has.
#[derive(Debug)]
pub struct Taken {
    /// What the provider calls it, where it calls it anything.
    pub id: Option<String>,
    /// Until it is dropped, no other message leaves that might be sent twice: it is held until this one is noted.
    pub turn: Option<Turn>,
}

/// What a failure says about the message, the address and the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The provider is away or overloaded: nothing goes there for a while. It took nothing.
    Away { retry_after: Option<Duration> },
    /// This message is put off; others go.
    PutOff,
    /// It may have been taken: the answer did not come, and the provider does not tell repeats apart.
    Unclear,
    /// There is no such mailbox or number.
    NoSuchAddress,
    /// The other side takes no mail of our domain: it misses a proof of who we are, or we sent too much.
    Unwelcome,
    /// Whoever has the number told the provider to stop us.
    Stopped,
    /// It will not be taken, for a reason that says nothing about the address: policy, size, configuration.
    Refused,
}

impl SendError {
    fn new(cause: Cause, words: impl std::fmt::Display) -> Self {
        Self { cause, words: words.to_string().chars().take(500).collect() }
    }
}

/// One way out.
#[derive(Clone, Debug)]
pub enum Sender {
    Resend(Resend),
    Smtp(Smtp),
    Ses(Ses),
    Twilio(Twilio),
    Outbox(Outbox),
}

impl Sender {
    /// The name in the database and in metrics.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Resend(_) => "resend",
            Self::Smtp(_) => "smtp",
            Self::Ses(_) => "ses",
            Self::Twilio(_) => "twilio",
            Self::Outbox(_) => "outbox",
        }
    }

    /// Hands a message over.
    pub async fn send(&self, message: &Message) -> Result<Taken, SendError> {
        let again = |id| Taken { id, turn: None };
        match (self, message) {
            (Self::Resend(resend), Message::Mail(mail)) => resend.send(mail).await.map(again),
            (Self::Smtp(smtp), Message::Mail(mail)) => smtp.send(mail).await,
            (Self::Ses(ses), Message::Mail(mail)) => ses.send(mail).await,
            (Self::Twilio(twilio), Message::Text(text)) => twilio.send(text).await,
            (Self::Outbox(outbox), message) => outbox.send(message).await.map(again),
            _ => Err(SendError::new(Cause::Refused, "this provider does not send such messages")),
        }
    }

    /// Whether it answers and would take messages of ours.
    ///
    /// # Errors
    /// What it says instead.
    pub async fn ping(&self) -> anyhow::Result<()> {
        match self {
            Self::Resend(resend) => resend.ping().await,
            Self::Smtp(smtp) => smtp.ping().await,
            Self::Ses(ses) => ses.ping().await,
            Self::Twilio(twilio) => twilio.ping().await,
            Self::Outbox(_) => Ok(()),
        }
    }
}

/// The ways out that are configured: one for mail, and perhaps one for text messages.
#[derive(Clone, Debug)]
pub struct Senders {
    /// Our own address and name.
    pub from: Mailbox,
    /// Whether a new host's invitations are spread over days.
    pub warm_up: bool,
    mail: Sender,
    text: Option<Sender>,
}

impl Senders {
    /// Sends mail by `mail`, and text messages by `text` if there is any.
    pub fn new(from: Mailbox, mail: Sender, text: Option<Sender>) -> Self {
        Self { from, warm_up: false, mail, text }
    }

    /// Spreads a new host's invitations over days, or lets them leave at once.
    pub fn warming_up(self, warm_up: bool) -> Self {
        Self { warm_up, ..self }
    }

    /// The way out for messages of `channel`.
    pub fn on(&self, channel: Channel) -> Option<&Sender> {
        match channel {
            Channel::Email => Some(&self.mail),
            Channel::Sms => self.text.as_ref(),
        }
    }

    /// The folder of the development outbox, if that is where mail goes.
    pub fn outbox_folder(&self) -> Option<&Path> {
        match &self.mail {
            Sender::Outbox(outbox) => Some(outbox.folder()),
            _ => None,
        }
    }
}
