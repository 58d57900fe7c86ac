//! Live updates: change messages over Redis publish/subscribe, and single-use tickets for the WebSocket.

use fred::prelude::*;

use crate::{
    error::Result,
    ids::{EventId, SessionId, UserId},
    redis::{Redis, Unavailable},
    secrets,
};

/// The channel patterns that every node listens to.
pub const CHANNELS: [&str; 2] = ["gg:event:*", "gg:user:*"];

/// A message of one of [`CHANNELS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Event(EventId),
    /// Sessions of this account ended.
    SessionsEnded(UserId),
    /// The connection was lost for a while: anything may have changed.
    Everything,
}

/// How long a ticket is valid.
const TICKET_SECONDS: i64 = 30;

/// Publishes changes to all nodes, and issues tickets for the WebSocket.
#[derive(Clone, Debug)]
pub struct Live {
    redis: Redis,
}

/// The host and event that a ticket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketClaims {
    pub host: UserId,
    /// The session that requested it; the socket closes when it ends.
    pub session: SessionId,
    pub event: EventId,
}

impl Live {
    /// Publishes through `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Publishes that `event` changed. Called after commit, in the background: a lost message delays a refresh and loses no data.
    pub fn changed(&self, event: EventId) {
        self.publish(format!("gg:event:{event}"));
    }

    /// Publishes that sessions of `user` ended, so that all nodes close their sockets.
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
                tracing::warn!(channel, "a change could not be published");
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

    /// Redeems a ticket. Read and deleted in one command, so that it works once.
    pub async fn redeem_ticket(&self, ticket: &str) -> Result<Option<TicketClaims>, Unavailable> {
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
    /// The change that a message on `channel` announces.
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
