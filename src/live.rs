use fred::prelude::*;

use crate::{
    error::Result,
    ids::{EventId, SessionId, UserId},
    redis::{Away, Redis},
    secrets,
};

/// The channel patterns that every node listens to.
pub const CHANNELS: [&str; 2] = ["gg:event:*", "gg:user:*"];

/// What a channel of [`CHANNELS`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Event(EventId),
    /// Sessions of this account ended.
    SessionsEnded(UserId),
    /// The connection was lost for a while: anything may have changed.
    Everything,
}
/// How long a ticket for the live socket stays good.
const TICKET_SECONDS: i64 = 30;

/// Tells all nodes that an event changed, and hands out tickets for the socket that carries these hints.
#[derive(Clone, Debug)]
pub struct Live {
    redis: Redis,
}

/// What a ticket allows: this host may watch this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketClaims {
    pub host: UserId,
    /// The session that the ticket was asked for in; the socket ends with it.
    pub session: SessionId,
    pub event: EventId,
}

impl Live {
    /// Speaks through `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Hints that `event` changed. Called after commit; a lost hint costs a late refresh, never data, so nobody waits for
    /// it and failure is only logged.
    pub fn changed(&self, event: EventId) {
        self.publish(format!("gg:event:{event}"));
    }

    /// Hints that sessions of `user` ended, so that all nodes close the sockets that were opened in them.
    pub fn sessions_ended(&self, user: UserId) {
        self.publish(format!("gg:user:{user}"));
    }

    fn publish(&self, channel: String) {
        let redis = self.redis.clone();
        tokio::spawn(async move {
            if redis
                .ask(async |redis| redis.next().publish::<(), _, _>(channel.as_str(), "changed").await)
                .await
                .is_err()
            {
                tracing::warn!(channel, "a hint could not be published");
            }
        });
    }

    /// A single-use ticket that opens a socket within 30 seconds.
    pub async fn issue_ticket(&self, claims: TicketClaims) -> Result<String> {
        let ticket = secrets::random_token()?;
        let expiry = Expiration::EX(TICKET_SECONDS);
        let TicketClaims { host, session, event } = claims;
        let value = format!("{host} {session} {event}");
        let key = ticket_key(&ticket);
        self.redis.ask(async |redis| redis.set::<(), _, _>(key, value, Some(expiry), None, false).await).await?;
        Ok(ticket)
    }

    /// Takes a ticket: read and deleted in one step, so that it works once however many try.
    pub async fn redeem_ticket(&self, ticket: &str) -> Result<Option<TicketClaims>, Away> {
        let key = ticket_key(ticket);
        let pass: Option<String> = self.redis.ask(async |redis| redis.getdel(key).await).await?;
        Ok(pass.and_then(|pass| {
            let mut parts = pass.split(' ');
            let (host, session, event) = (parts.next()?, parts.next()?, parts.next()?);
            Some(TicketClaims { host: host.parse().ok()?, session: session.parse().ok()?, event: event.parse().ok()? })
        }))
    }
}

impl Change {
    /// The hint that a message on `channel` gives.
    pub fn of_channel(channel: &str) -> Option<Self> {
        match channel.strip_prefix("gg:event:") {
            Some(event) => event.parse().ok().map(Self::Event),
            None => channel.strip_prefix("gg:user:")?.parse().ok().map(Self::SessionsEnded),
        }
    }
}

fn ticket_key(ticket: &str) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    format!("gg:ticket:{}", BASE64_URL_SAFE_NO_PAD.encode(secrets::token_hash(ticket)))
}
