use lettre::transport::smtp::{
    Error,
    client::AsyncSmtpConnection,
    commands::{Data, Mail as From, Noop, Rcpt},
};
use tokio::time::timeout;

use super::{Cause, Mail, PATIENCE, SendError, Taken, gate::Gate, status::refusal};

mod connecting;

use connecting::Server;

/// A mail server. Connections are kept and used again.
///
/// The library's own transport sends a message in one go. Here it goes in two, because several may be announced at the
/// same time, but only one may be where it could be taken and we would not know.
#[derive(Clone, Debug)]
pub struct Smtp {
    server: Server,
    gate: Gate,
}

impl Smtp {
    /// The server at `url`: `smtps://`, `smtp://…?tls=required` (STARTTLS, or nothing is sent), or plain `smtp://`.
    /// Certificates are verified.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self { server: Server::at(url)?, gate: Gate::default() })
    }

    pub(super) async fn ping(&self) -> anyhow::Result<()> {
        let answer = async { within(self.server.connect().await?.command(Noop)).await };
        answer.await.map_err(|error| anyhow::anyhow!(error.words))?;
        Ok(())
    }

    /// Nothing of ours tells repeats apart here but the Message-ID.
    pub(super) async fn send(&self, mail: &Mail) -> Result<Taken, SendError> {
        let refused = |cause: anyhow::Error| SendError::new(Cause::Refused, format!("{cause:#}"));
        let message = mail.message().map_err(refused)?;
        let mut connection = match self.server.idle() {
            // One that the server has closed meanwhile says so at its next use.
            Some(mut kept) => match announce(&mut kept, &message).await {
                Err(SendError { cause: Cause::Away { .. }, .. }) => self.announced(&message).await?,
                answer => answer.map(|()| kept)?,
            },
            None => self.announced(&message).await?,
        };
        let turn = self.gate.turn().await;
        within(connection.message(&message.formatted())).await?;
        self.server.keep(connection);
        Ok(Taken { id: None, turn: Some(turn) })
    }

    /// A new connection, on which the server expects the message.
    async fn announced(&self, message: &lettre::Message) -> Result<AsyncSmtpConnection, SendError> {
        let mut connection = self.server.connect().await?;
        announce(&mut connection, message).await?;
        Ok(connection)
    }
}

/// Says from whom and to whom a message goes, until the server wants to have it.
async fn announce(connection: &mut AsyncSmtpConnection, message: &lettre::Message) -> Result<(), SendError> {
    let envelope = message.envelope();
    within(connection.command(From::new(envelope.from().cloned(), Vec::new()))).await?;
    for recipient in envelope.to() {
        within(connection.command(Rcpt::new(recipient.clone(), Vec::new()))).await?;
    }
    within(connection.command(Data)).await?;
    Ok(())
}

async fn within<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, SendError> {
    match timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(|error| SendError::new(cause(&error), words(&error))),
        Err(_) => Err(SendError::new(Cause::Away { retry_after: None }, "no answer in time")),
    }
}

fn cause(error: &Error) -> Cause {
    let words = words(error);
    match error.status().map(u16::from) {
        // "Service not available, closing transmission channel" (RFC 5321, 4.2.3): the server, not the mail.
        Some(421) => Cause::Away { retry_after: None },
        Some(400..500) => Cause::PutOff,
        Some(_) => refusal(&words),
        // No address of its own can be written, or no such thing can be sent.
        None if error.is_client() => Cause::Refused,
        None => Cause::Away { retry_after: None },
    }
}

/// The server's own words, or what went wrong on the way to it.
fn words(error: &Error) -> String {
    use std::error::Error;
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
