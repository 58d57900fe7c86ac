use std::time::Duration;

use super::{
    claim::Claimed,
    hand_over::{Leave, hand_over},
    record,
};
use crate::{
    backend::Backend,
    error::Result,
    notifications::{
        account_letters,
        senders::{Cause, Message, PATIENCE, SendError, Taken},
        suppressions::Reason,
        templates,
    },
};

/// Longest time from the last word about a message to its end, whatever steps that takes: so long an erasure waits.
pub(super) const DEADLINE: Duration = PATIENCE.saturating_add(Duration::from_millis(500));

/// What one try came to.
pub enum Outcome {
    /// Taken by the provider, who calls it so.
    Sent(Option<String>),
    /// The guest, the link or the event is gone.
    Cancelled,
    Suppressed(Reason),
    NotSent(SendError),
    /// It could not even be written: our fault, or the database's.
    NotWritten,
}

/// Sends one message, written with what is true now, and notes what became of it.
pub async fn deliver(backend: &Backend, claimed: Claimed) {
    let (provider, outcome) = match attempt(backend, &claimed).await {
        Ok(tried) => tried,
        Err(error) => {
            tracing::error!(?error, id = %claimed.id, "a message could not be written");
            (None, Outcome::NotWritten)
        }
    };
    if let Err(error) = record::record(backend, &claimed, provider, outcome).await {
        // Its lease ends, and it is sent once more.
        tracing::error!(?error, id = %claimed.id, "what became of a message could not be noted");
    }
    if let Some(event) = claimed.event {
        backend.live.changed(event);
    }
}

async fn attempt(backend: &Backend, claimed: &Claimed) -> Result<(Option<&'static str>, Outcome)> {
    let message = match claimed.guest {
        Some(guest) => templates::message(backend, claimed, guest).await?,
        None => account_letters::mail(backend, claimed).await?.map(|mail| Message::Mail(Box::new(mail))),
    };
    let Some(message) = message else { return Ok((None, Outcome::Cancelled)) };
    let Some(sender) = backend.senders.on(claimed.channel) else { return Ok((None, Outcome::Cancelled)) };
    // The last thing before it leaves: whoever unsubscribed or was erased until now gets nothing.
    match hand_over(backend, claimed).await? {
        Leave::Go => {}
        Leave::Stopped(reason) => return Ok((None, Outcome::Suppressed(reason))),
        Leave::Gone => return Ok((None, Outcome::Cancelled)),
    }
    let sent = match tokio::time::timeout(DEADLINE, sender.send(&message)).await {
        Ok(sent) => sent,
        Err(_) => Err(SendError { cause: Cause::Unclear, words: "no answer in time".into() }),
    };
    let failed = sent.as_ref().err().map(|error| error.cause);
    backend.breakers.note(claimed.channel, failed, backend.clock.now());
    let outcome = match sent {
        Ok(Taken { id, turn }) => {
            record::stamp(backend, claimed, sender.key(), id.as_deref()).await?;
            drop(turn);
            Outcome::Sent(id)
        }
        Err(error) => Outcome::NotSent(error),
    };
    Ok((Some(sender.key()), outcome))
}
