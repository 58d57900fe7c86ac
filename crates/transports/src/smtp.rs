//! SMTP transport.

use lettre::transport::smtp::{
    Error,
    client::AsyncSmtpConnection,
    commands::{Data, Mail, Noop, Rcpt},
};
use tokio::time::timeout;

use crate::{Email, Receipt, SendError, SendErrorKind, TIMEOUT, classify_reply, send_permit::SendPermits};

mod server;

use server::Server;

/// A mail server. Connections are reused.
///
/// lettre's own transport sends a message in one step. This one uses two: it sends envelopes concurrently, but the content of
/// one message at a time, because from then on the server may have accepted it without our knowing.
#[derive(Clone, Debug)]
pub struct Smtp {
    server: Server,
    permits: SendPermits,
}

impl Smtp {
    /// The server at `url`: `smtps://`, `smtp://…?tls=required` (STARTTLS is required), or plain `smtp://`.
    /// Certificates are verified.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self { server: Server::parse(url)?, permits: SendPermits::default() })
    }

    pub(super) async fn ping(&self) -> anyhow::Result<()> {
        let response = async { within(self.server.connect().await?.command(Noop)).await };
        response.await.map_err(|error| anyhow::anyhow!(error.detail))?;
        Ok(())
    }

    /// Only the Message-ID lets the recipient detect repeats.
    pub(super) async fn send(&self, email: &Email) -> Result<Receipt, SendError> {
        let rejected = |cause: anyhow::Error| SendError::new(SendErrorKind::Rejected, format!("{cause:#}"));
        let message = email.mime().map_err(rejected)?;
        let mut connection = match self.server.idle() {
            // If the server has closed the connection meanwhile, its next use fails.
            Some(mut idle) => match send_envelope(&mut idle, &message).await {
                Err(SendError { kind: SendErrorKind::Unavailable { .. }, .. }) => self.connect_for(&message).await?,
                result => result.map(|()| idle)?,
            },
            None => self.connect_for(&message).await?,
        };
        let permit = self.permits.acquire().await;
        within(connection.message(&message.formatted())).await?;
        self.server.keep(connection);
        Ok(Receipt { id: None, permit: Some(permit) })
    }

    /// A new connection, with the envelope sent.
    async fn connect_for(&self, message: &lettre::Message) -> Result<AsyncSmtpConnection, SendError> {
        let mut connection = self.server.connect().await?;
        send_envelope(&mut connection, message).await?;
        Ok(connection)
    }
}

/// Sends the envelope, up to the point where the server expects the content.
async fn send_envelope(connection: &mut AsyncSmtpConnection, message: &lettre::Message) -> Result<(), SendError> {
    let envelope = message.envelope();
    within(connection.command(Mail::new(envelope.from().cloned(), Vec::new()))).await?;
    for recipient in envelope.to() {
        within(connection.command(Rcpt::new(recipient.clone(), Vec::new()))).await?;
    }
    within(connection.command(Data)).await?;
    Ok(())
}

async fn within<T>(response: impl Future<Output = Result<T, Error>>) -> Result<T, SendError> {
    match timeout(TIMEOUT, response).await {
        Ok(result) => result.map_err(|error| SendError::new(classify(&error), detail(&error))),
        Err(_) => Err(SendError::new(SendErrorKind::Unavailable { retry_after: None }, "no answer in time")),
    }
}

fn classify(error: &Error) -> SendErrorKind {
    match error.status().map(u16::from) {
        // "Service not available, closing transmission channel" (RFC 5321, 4.2.3): about the server, not the message.
        Some(421) => SendErrorKind::Unavailable { retry_after: None },
        Some(400..500) => SendErrorKind::Deferred,
        Some(_) => classify_reply(&detail(error)),
        // lettre cannot write the address or the message.
        None if error.is_client() => SendErrorKind::Rejected,
        None => SendErrorKind::Unavailable { retry_after: None },
    }
}

/// The server's reply, or the error of the connection.
fn detail(error: &Error) -> String {
    use std::error::Error;
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
