use anyhow::Context;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::{Cause, Mail, PATIENCE, SendError};

/// A mail server, reached over a pool of connections.
#[derive(Clone, Debug)]
pub struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

impl Smtp {
    /// The server at `url`: `smtps://`, `smtp://…?tls=required` (STARTTLS, or nothing is sent), or plain `smtp://`.
    /// Certificates are verified.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).context("not an SMTP address")?;
        Ok(Self(transport.timeout(Some(PATIENCE)).build()))
    }

    pub(super) async fn ping(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.0.test_connection().await.context("no answer")?, "the server refuses");
        Ok(())
    }

    /// Nothing of ours tells repeats apart here but the Message-ID.
    pub(super) async fn send(&self, mail: &Mail) -> Result<Option<String>, SendError> {
        let message = mail.message().map_err(|cause| SendError::new(Cause::Refused, format!("{cause:#}")))?;
        match self.0.send(message).await {
            Ok(_) => Ok(None),
            Err(error) => Err(SendError::new(cause(&error), words(&error))),
        }
    }
}

fn cause(error: &lettre::transport::smtp::Error) -> Cause {
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

/// What a final refusal means, by its enhanced status code (RFC 3463). Without one, 550 is too often a policy that an
/// address could be held responsible for.
fn refusal(words: &str) -> Cause {
    // Bad destination mailbox, system or syntax; moved; invalid (RFC 7505); mailbox disabled.
    const GONE: [&str; 7] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"];
    let codes = words.split(|c: char| !c.is_ascii_digit() && c != '.');
    match codes.into_iter().any(|code| GONE.contains(&code)) {
        true => Cause::NoSuchAddress,
        false => Cause::Refused,
    }
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
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_names_the_mailbox_speaks_of_the_address() {
        for (words, cause) in [
            ("permanent error (550): 5.1.1 <ada@example.org>: no such user", Cause::NoSuchAddress),
            ("permanent error (550): 5.1.10 null MX", Cause::NoSuchAddress),
            ("permanent error (550): 5.7.26 unauthenticated", Cause::Refused),
            ("permanent error (550): no such user", Cause::Refused),
            ("permanent error (552): 5.2.2 mailbox full", Cause::Refused),
            ("permanent error (550): see 15.1.1 and 5.1.11", Cause::Refused),
        ] {
            assert_eq!(refusal(words), cause, "{words}");
        }
    }
}
