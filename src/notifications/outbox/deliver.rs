//! Delivery of one claimed notification: render, check, send, record.

use std::time::Duration;

use super::{
    begin_send::{Dispatch, begin_send},
    claim::Claimed,
    record,
};
use crate::{
    backend::Backend,
    error::Result,
    notifications::{
        senders::{Cause, PATIENCE, SendError, Taken},
        suppressions::Reason,
        templates::{self, Content},
    },
};

/// Longest time from [`begin_send`] to the end of a send, whatever it involves. Erasing somebody waits that long.
pub(super) const DEADLINE: Duration = PATIENCE.saturating_add(Duration::from_millis(500));

/// The result of one attempt.
pub enum SendOutcome {
    /// Accepted by the provider, with its id for the message.
    Sent(Option<String>),
    /// The guest, the link or the event is gone.
    Cancelled,
    Suppressed(Reason),
    NotSent(SendError),
    /// It could not be rendered: our fault, or the database's.
    NotRendered,
}

/// Sends one notification, rendered with what is true now, and records the result.
pub async fn deliver(backend: &Backend, claimed: Claimed) {
    let id = claimed.notification.id;
    let (provider, outcome) = match attempt(backend, &claimed).await {
        Ok(result) => result,
        Err(error) => {
            tracing::error!(?error, %id, "a notification could not be rendered");
            (None, SendOutcome::NotRendered)
        }
    };
    if let Err(error) = record::record(backend, &claimed, provider, outcome).await {
        // Its lease expires, and it is sent again.
        tracing::error!(?error, %id, "the result of a send could not be recorded");
    }
    if let Content::Guest { event, .. } = claimed.notification.content {
        backend.live.changed(event);
    }
}

async fn attempt(backend: &Backend, claimed: &Claimed) -> Result<(Option<&'static str>, SendOutcome)> {
    let notification = &claimed.notification;
    let Some(message) = templates::render(backend, notification).await? else {
        return Ok((None, SendOutcome::Cancelled));
    };
    let Some(sender) = backend.senders.on(notification.channel) else { return Ok((None, SendOutcome::Cancelled)) };
    match begin_send(backend, claimed).await? {
        Dispatch::Proceed => {}
        Dispatch::Suppressed(reason) => return Ok((None, SendOutcome::Suppressed(reason))),
        Dispatch::Cancelled => return Ok((None, SendOutcome::Cancelled)),
    }
    let sent = match tokio::time::timeout(DEADLINE, sender.send(&message)).await {
        Ok(sent) => sent,
        Err(_) => Err(SendError { cause: Cause::Unclear, words: "no answer in time".into() }),
    };
    let now = backend.clock.now();
    let failed = sent.as_ref().err().map(|error| error.cause);
    backend.breakers.note(notification.channel, failed, now);
    let outcome = match sent {
        Ok(Taken { id, turn }) => {
            record::mark_sent(backend, now, claimed, sender.key(), id.as_deref()).await?;
            drop(turn);
            SendOutcome::Sent(id)
        }
        Err(error) => SendOutcome::NotSent(error),
    };
    Ok((Some(sender.key()), outcome))
}
