//! Claim: leases due notifications to one worker, fairly by host.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use strum::VariantArray;
use transports::Transport;
use uuid::Uuid;

use crate::{
    backend::Backend,
    error::Result,
    ids::{AccountTokenId, EventId, GuestId, NotificationId, UserId},
    notifications::{
        Channel,
        outbox::{Content, Notification},
    },
};

/// How long a claimed notification belongs to its worker. A provider has a quarter of it to respond.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Notifications of one host in flight at a time, so that a large list does not delay other hosts.
const MAX_IN_FLIGHT_PER_HOST: i64 = 10;

/// A notification that this worker sends.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub notification: Notification,
    /// The lease: only its holder records the result.
    pub owner: Uuid,
    /// Counts this attempt.
    pub attempts: i32,
    pub expires_at: DateTime<Utc>,
}

/// Claims up to `limit` due notifications. Passes over channels whose circuit is open and hosts who are paused.
pub async fn claim(backend: &Backend, owner: Uuid, limit: usize) -> Result<Vec<Claimed>> {
    let now = backend.clock.now();
    let is_available =
        |channel: &Channel| transport(backend, *channel).is_none_or(|transport| transport.is_available(now));
    let channels: Vec<_> = Channel::VARIANTS
        .iter()
        .filter(|channel| is_available(channel))
        .map(|channel| channel.into_str().to_owned())
        .collect();
    // A fair queue by host, as one statement. `waiting` lists the hosts with due notifications by a loose index scan: one
    // index probe a host, however long their lists are. `due` takes each host's first rows, account emails before guests',
    // less what the host has in flight; `for update skip locked` lets workers claim side by side without waiting. `turns`
    // deals them round-robin: every host's first, then every host's second. The update leases them to this worker: a row
    // whose lease expires before its result is recorded goes back to the queue (recover.rs).
    let rows = sqlx::query!(
        r#"
        with recursive waiting (host_id) as (
            (select host_id from notifications where state = 'queued' and run_at <= $1 order by host_id limit 1)
            union all
            select (select n.host_id from notifications n
                where n.state = 'queued' and n.run_at <= $1 and n.host_id > w.host_id order by n.host_id limit 1)
            from waiting w where w.host_id is not null
        ), due as (
            select d.host_id, d.id, row_number() over (partition by d.host_id order by d.is_bulk, d.run_at, d.id) as turn
            from waiting w
            join users u on u.id = w.host_id and u.deleted_at is null
            cross join lateral (
                select n.host_id, n.id, n.guest_id is not null as is_bulk, n.run_at from notifications n
                where n.host_id = w.host_id and n.state = 'queued' and n.run_at <= $1 and n.channel = any ($2)
                    and (n.guest_id is null or u.sending_paused is null)
                order by (n.guest_id is not null), n.run_at
                limit greatest(0, least($3, $6 - (select count(*) from notifications s
                    where s.host_id = w.host_id and s.state = 'sending' and s.lease_owner is not null)))
                for update skip locked
            ) d
        ), turns as (
            select host_id, id from due order by turn, host_id limit $3
        )
        update notifications n set state = 'sending', attempts = attempts + 1, state_changed_at = $1, lease_owner = $4,
            lease_until = $5, send_began_at = null
        from turns t
        where n.host_id = t.host_id and n.id = t.id
        returning n.host_id as "host: UserId", n.id as "id: NotificationId", n.event_id as "event: EventId",
            n.guest_id as "guest: GuestId", n.account_token_id as "token: AccountTokenId", n.kind,
            n.channel as "channel: Channel", n.recipient, n.attempts, n.expires_at
        "#,
        now,
        &channels,
        limit as i64,
        owner,
        now + LEASE,
        MAX_IN_FLIGHT_PER_HOST,
    )
    .fetch_all(&backend.db)
    .await?;
    let mut claimed = Vec::new();
    for row in rows {
        let content = match row.event.zip(row.guest) {
            Some((event, guest)) => Content::Guest { event, guest, message: row.kind.parse().context("kind")? },
            None => Content::Account { token: row.token, message: row.kind.parse().context("kind")? },
        };
        let notification =
            Notification { host: row.host, id: row.id, channel: row.channel, recipient: row.recipient, content };
        claimed.push(Claimed { notification, owner, attempts: row.attempts, expires_at: row.expires_at });
    }
    Ok(claimed)
}

/// The transport of a channel, if one is configured.
pub(in crate::notifications) fn transport(backend: &Backend, channel: Channel) -> Option<&Transport> {
    match channel {
        Channel::Email => Some(backend.transports.email()),
        Channel::Sms => backend.transports.sms(),
    }
}
