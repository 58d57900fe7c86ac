//! Delivery of one claimed notification: render, check, send, record.

use transports::{Receipt, SendError, SendErrorKind};

use crate::{
    backend::Backend,
    error::Result,
    notifications::{
        outbox::{
            Content,
            begin_send::{DEADLINE, Dispatch, begin_send},
            claim::{Claimed, transport},
            record::{self, SendOutcome},
        },
        templates,
    },
};

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
    let Some(transport) = transport(backend, notification.channel) else { return Ok((None, SendOutcome::Cancelled)) };
    match begin_send(backend, claimed).await? {
        Dispatch::Proceed => {}
        Dispatch::Suppressed(reason) => return Ok((None, SendOutcome::Suppressed(reason))),
        Dispatch::Cancelled => return Ok((None, SendOutcome::Cancelled)),
    }
    let sent = match tokio::time::timeout(DEADLINE, transport.send(&message)).await {
        Ok(sent) => sent,
        Err(_) => Err(SendError { kind: SendErrorKind::Ambiguous, detail: "no answer in time".into() }),
    };
    let now = backend.clock.now();
    transport.record(sent.as_ref().err().map(|error| error.kind), now);
    let outcome = match sent {
        Ok(Receipt { id, permit }) => {
            record::mark_sent(backend, now, claimed, transport.name(), id.as_deref()).await?;
            drop(permit);
            SendOutcome::Sent(id)
        }
        Err(error) => SendOutcome::NotSent(error),
    };
    Ok((Some(transport.name()), outcome))
}
