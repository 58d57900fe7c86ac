use std::path::PathBuf;

use anyhow::Context;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
};

use super::outbox;

/// Sends messages: to an SMTP server, or into the development outbox.
#[derive(Clone, Debug)]
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
}

#[derive(Clone, Debug)]
enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Outbox(PathBuf),
}

/// A message ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Without angle brackets; equal for every try, so that mail programs show repeats as one.
    pub message_id: String,
    pub to_name: String,
    pub to_address: String,
    /// The host's name: shown as sender, next to our own address.
    pub from_name: String,
    pub reply_to: Option<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why a message was not sent; the text is for the host's eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// Worth another try.
    Temporary(String),
    /// The server will not take it.
    Permanent(String),
}

impl Mailer {
    /// Sends from `from` through the server at `smtp_url`, or into `outbox` where there is none.
    pub fn new(smtp_url: Option<&str>, outbox: PathBuf, from: &str) -> anyhow::Result<Self> {
        let from = from.parse().context("the sender's address")?;
        match smtp_url {
            Some(url) => Self::smtp(url, from),
            None => Ok(Self::outbox(outbox, from)),
        }
    }

    /// Sends through the server at `url` (`smtp://`, `smtps://`, or `smtp://…?tls=required`).
    fn smtp(url: &str, from: Mailbox) -> anyhow::Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .context("not an SMTP address")?
            .timeout(Some(std::time::Duration::from_secs(15)))
            .build();
        Ok(Self { from, transport: Transport::Smtp(transport) })
    }

    /// Writes into `folder` instead of sending.
    fn outbox(folder: PathBuf, from: Mailbox) -> Self {
        Self { from, transport: Transport::Outbox(folder) }
    }

    /// The folder of the development outbox, if that is where mail goes.
    pub fn outbox_folder(&self) -> Option<&std::path::Path> {
        match &self.transport {
            Transport::Outbox(folder) => Some(folder),
            Transport::Smtp(_) => None,
        }
    }

    /// Whether the server answers; the outbox always does.
    pub async fn ping(&self) -> anyhow::Result<()> {
        if let Transport::Smtp(smtp) = &self.transport {
            anyhow::ensure!(smtp.test_connection().await.context("no answer")?, "the server refuses");
        }
        Ok(())
    }

    /// Sends one message.
    pub async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let message = self.message(mail).map_err(|cause| SendError::Permanent(format!("{cause:#}")))?;
        match &self.transport {
            Transport::Smtp(smtp) => match smtp.send(message).await {
                Ok(_) => Ok(()),
                Err(error) if error.is_permanent() => Err(SendError::Permanent(words(&error))),
                Err(error) => Err(SendError::Temporary(words(&error))),
            },
            Transport::Outbox(folder) => outbox::write(folder, &mail.message_id, &message.formatted())
                .await
                .map_err(|cause| SendError::Temporary(format!("{cause:#}"))),
        }
    }

    /// The message with exactly one From, Date and Message-ID. Header values go through lettre's encoders, which
    /// fold and encode, so a name cannot start a header of its own.
    fn message(&self, mail: &Mail) -> anyhow::Result<Message> {
        let from = Mailbox::new(Some(mail.from_name.clone()), self.from.email.clone());
        let to = Mailbox::new(Some(mail.to_name.clone()), mail.to_address.parse().context("the recipient's address")?);
        let mut message = Message::builder()
            .from(from)
            .to(to)
            .subject(&mail.subject)
            .date_now()
            .message_id(Some(format!("<{}>", mail.message_id)));
        if let Some(address) = &mail.reply_to {
            message = message.reply_to(Mailbox::new(Some(mail.from_name.clone()), address.parse()?));
        }
        Ok(message.multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))?)
    }
}

/// Whether `text` can stand in a From header: `Name <address>` or an address.
pub fn is_sender(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

/// The server's own words, or what went wrong on the way to it.
fn words(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error;
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.chars().take(500).collect()
}
