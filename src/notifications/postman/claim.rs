use chrono::TimeDelta;
use uuid::Uuid;

use super::record;
use crate::{
    backend::Backend,
    error::Result,
    ids::{AccountTokenId, EventId, GuestId, NotificationId, UserId},
    notifications::{Channel, Kind},
};

/// How long a message belongs to the postman who took it. A provider has a quarter of that to answer.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Messages of one host that are on their way at the same time: one large list does not keep others waiting.
const MOST_OF_ONE_HOST: i64 = 10;

/// A message that this postman sends.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub host: UserId,
    pub id: NotificationId,
    /// Who took it; only they may note what became of it.
    pub owner: Uuid,
    /// Of a message to a guest.
    pub event: Option<EventId>,
    pub guest: Option<GuestId>,
    /// Of a mail about an account that carries a link.
    pub token: Option<AccountTokenId>,
    pub kind: Kind,
    pub channel: Channel,
    pub recipient: String,
    /// This try counted.
    pub attempts: i32,
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

/// Takes up to `room` messages whose time has come: of each host in turn, mails about accounts before all others. Ways
/// out that are closed, and hosts who are paused, are passed over.
pub async fn claim(backend: &Backend, owner: Uuid, room: usize) -> Result<Vec<Claimed>> {
    let now = backend.clock.now();
    let channels: Vec<_> = backend.breakers.passable(now).iter().map(|channel| channel.key().to_owned()).collect();
    Ok(sqlx::query_as!(
        Claimed,
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
        returning n.host_id as "host: UserId", n.id as "id: NotificationId", n.lease_owner as "owner!",
            n.event_id as "event: EventId", n.guest_id as "guest: GuestId", n.account_token_id as "token: AccountTokenId",
            n.kind as "kind: Kind", n.channel as "channel: Channel", n.recipient, n.attempts, n.expires_at
        "#,
        now,
        &channels,
        room as i64,
        owner,
        now + LEASE,
        MOST_OF_ONE_HOST,
    )
    .fetch_all(&backend.db)
    .await?)
}

/// Takes up what a postman took and never said anything about: it was killed, or lost the database. A message that was
/// sent is noted as such; another may have left, and is sent once more with the same Message-ID.
pub async fn take_up_abandoned(backend: &Backend) -> Result<()> {
    let now = backend.clock.now();
    let sent = sqlx::query!(
        r#"
        select host_id as "host: UserId", id as "id: NotificationId", guest_id as "guest: GuestId",
            account_token_id as "token: AccountTokenId"
        from notifications
        where state = 'sent' and lease_owner is not null and lease_until < $1
        "#,
        now,
    )
    .fetch_all(&backend.db)
    .await?;
    for row in sent {
        record::take_up(backend, row.host, row.id, row.guest, row.token).await?;
    }
    sqlx::query!(
        "update notifications set state = 'queued', state_changed_at = $1, lease_owner = null, lease_until = null
        where (host_id, id) in (select host_id, id from notifications
            where state = 'sending' and lease_owner is not null and lease_until < $1 for update skip locked)",
        now,
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}
