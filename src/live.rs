use std::time::Duration;

use anyhow::Context;
use fred::prelude::*;

use crate::{
    auth::Host,
    ids::{EventId, UserId},
    secrets,
};

/// The channel pattern that every node listens to.
pub const CHANNELS: &str = "gg:event:*";
/// How long a ticket for the live socket stays good.
const TICKET_SECONDS: i64 = 30;

/// Tells all nodes that an event changed, and hands out tickets for the socket that carries these hints.
#[derive(Clone, Debug)]
pub struct Live {
    redis: Client,
}

/// What a ticket allows: this host may watch this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    pub host: UserId,
    pub event: EventId,
}

impl Live {
    /// Speaks through `redis`, which the caller connects.
    pub fn new(redis: Client) -> Self {
        Self { redis }
    }

    /// Hints that `event` changed. Called after commit; a lost hint costs a late refresh, never data, so failure is
    /// only logged.
    pub async fn changed(&self, event: EventId) {
        let publish = self.redis.publish::<(), _, _>(format!("gg:event:{event}"), "changed");
        if !matches!(tokio::time::timeout(Duration::from_secs(1), publish).await, Ok(Ok(()))) {
            tracing::warn!(%event, "the hint that this event changed could not be published");
        }
    }

    /// A single-use ticket with which `host` may open the socket of `event` within 30 seconds.
    pub async fn issue_ticket(&self, host: &Host, event: EventId) -> anyhow::Result<String> {
        let ticket = secrets::random_token()?;
        let expiry = Expiration::EX(TICKET_SECONDS);
        let pass = format!("{} {event}", host.id());
        self.redis
            .set::<(), _, _>(ticket_key(&ticket), pass, Some(expiry), None, false)
            .await
            .context("the ticket could not be kept")?;
        Ok(ticket)
    }

    /// Takes a ticket: read and deleted in one step, so that it works once however many try.
    pub async fn redeem_ticket(&self, ticket: &str) -> anyhow::Result<Option<Pass>> {
        let pass: Option<String> =
            self.redis.getdel(ticket_key(ticket)).await.context("the ticket could not be read")?;
        Ok(pass.and_then(|pass| {
            let (host, event) = pass.split_once(' ')?;
            Some(Pass { host: host.parse().ok()?, event: event.parse().ok()? })
        }))
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> anyhow::Result<()> {
        tokio::time::timeout(Duration::from_secs(2), self.redis.ping::<()>(None)).await??;
        Ok(())
    }
}

/// The event a channel of [`CHANNELS`] speaks of.
pub fn event_of_channel(channel: &str) -> Option<EventId> {
    channel.strip_prefix("gg:event:")?.parse().ok()
}

fn ticket_key(ticket: &str) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    format!("gg:ticket:{}", BASE64_URL_SAFE_NO_PAD.encode(secrets::token_hash(ticket)))
}
