use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Reason, normal};
use crate::{
    error::Result,
    ids::{EventId, GuestId, UserId},
    notifications::Channel,
    secrets::Secrets,
};

/// What stands for the address of somebody who was erased: it tells their address when it is met again, and nothing else
/// (HMAC-SHA-256).
pub(crate) fn address_hash(secrets: &Secrets, address: &str) -> anyhow::Result<Vec<u8>> {
    secrets.keyed_hash(format!("address {}", normal(address)).as_bytes())
}

/// Keeps one host from writing to an address of which nothing but its hash is kept.
pub(crate) async fn suppress_hashed(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    secrets: &Secrets,
    host: UserId,
    address: &str,
    reason: Reason,
) -> Result<()> {
    sqlx::query!(
        "insert into suppressions (address_hash, host_id, reason, at) values ($1, $2, $3, $4)
        on conflict on constraint suppressions_key do nothing",
        address_hash(secrets, address)?,
        host.0,
        reason.key(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Of these addresses of a host's guests, suppressions keep the hash from now on, and so does what the journal has not
/// shipped yet. They hold as before.
pub(crate) async fn veil(tx: &mut PgConnection, secrets: &Secrets, host: UserId, addresses: &[String]) -> Result<()> {
    let addresses: Vec<_> = addresses.iter().map(|address| normal(address)).collect();
    let clear = sqlx::query!(
        r#"
        select address as "address!", host_id, reason, at from suppressions
        where address = any ($1) and (host_id is null or host_id = $2)
        "#,
        &addresses,
        host.0,
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in clear {
        sqlx::query!(
            "insert into suppressions (address_hash, host_id, reason, at) values ($1, $2, $3, $4)
            on conflict on constraint suppressions_key do nothing",
            address_hash(secrets, &row.address)?,
            row.host_id,
            row.reason,
            row.at,
        )
        .execute(&mut *tx)
        .await?;
    }
    sqlx::query!(
        "delete from suppressions where address = any ($1) and (host_id is null or host_id = $2)",
        &addresses,
        host.0,
    )
    .execute(&mut *tx)
    .await?;
    // What the statement above told the journal names the address once more.
    sqlx::query!(
        "delete from erasure_log where entry ->> 'table' = 'suppressions' and entry -> 'row' ->> 'address' = any ($1)
            and (entry -> 'row' ->> 'host_id' is null or entry -> 'row' ->> 'host_id' = $2)",
        &addresses,
        host.to_string(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps the hash alone of addresses of which a hash stands there already: what came back of people who were erased since.
pub(crate) async fn veil_known(tx: &mut PgConnection, secrets: &Secrets) -> anyhow::Result<()> {
    let hashed: HashSet<Vec<u8>> = sqlx::query_scalar!(
        r#"select distinct address_hash as "hash!" from suppressions where address_hash is not null"#
    )
    .fetch_all(&mut *tx)
    .await?
    .into_iter()
    .collect();
    if hashed.is_empty() {
        return Ok(());
    }
    let clear =
        sqlx::query_scalar!(r#"select distinct address as "address!" from suppressions where address is not null"#)
            .fetch_all(&mut *tx)
            .await?;
    for address in clear {
        let hash = address_hash(secrets, &address)?;
        if !hashed.contains(&hash) {
            continue;
        }
        // Another host's own entry stays as it is: that host knows the address.
        sqlx::query!(
            "insert into suppressions (address_hash, host_id, reason, at)
            select $2, c.host_id, c.reason, c.at from suppressions c
            where c.address = $1 and (c.host_id is null or exists (select from suppressions h
                where h.address_hash = $2 and h.host_id = c.host_id))
            on conflict on constraint suppressions_key do nothing",
            address,
            hash,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "delete from suppressions c where c.address = $1 and exists (select from suppressions h
                where h.address_hash = $2 and h.host_id is not distinct from c.host_id and h.reason = c.reason)",
            address,
            hash,
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Whoever took back what was kept as a hash had taken it back in clear as well: what a replay brings of it goes.
pub(crate) async fn forget_resumed(
    tx: &mut PgConnection,
    secrets: &Secrets,
    hash: &[u8],
    host: Option<Uuid>,
    reason: &str,
) -> anyhow::Result<()> {
    let clear = sqlx::query_scalar!(
        r#"
        select address as "address!" from suppressions
        where address is not null and host_id is not distinct from $1 and reason = $2
        "#,
        host,
        reason,
    )
    .fetch_all(&mut *tx)
    .await?;
    for address in clear {
        if address_hash(secrets, &address)? == hash {
            sqlx::query!(
                "delete from suppressions where address = $1 and host_id is not distinct from $2 and reason = $3",
                address,
                host,
                reason,
            )
            .execute(&mut *tx)
            .await?;
        }
    }
    Ok(())
}

/// Which of these addresses a host must not write to, whichever way they are kept, and why.
pub(crate) async fn stopped(
    db: &mut PgConnection,
    secrets: &Secrets,
    host: UserId,
    addresses: &[String],
) -> Result<HashMap<String, Reason>> {
    let hashes: Vec<_> = addresses.iter().map(|address| address_hash(secrets, address)).collect::<Result<_, _>>()?;
    let normal: Vec<_> = addresses.iter().map(|address| normal(address)).collect();
    let stopped = sqlx::query!(
        r#"
        select a.place as "place!", s.reason as "reason!: Reason"
        from unnest($1::text[], $2::bytea[]) with ordinality as a (address, hash, place)
        cross join lateral (
            select * from (
                select reason, at from suppressions where address = a.address and (host_id is null or host_id = $3)
                union all
                select reason, at from suppressions where address_hash = a.hash and (host_id is null or host_id = $3)
            ) both_forms order by at limit 1
        ) s
        "#,
        &normal,
        &hashes,
        host.0,
    )
    .fetch_all(db)
    .await?;
    let place = |place: i64| usize::try_from(place - 1).ok().and_then(|place| addresses.get(place)).cloned();
    Ok(stopped.into_iter().filter_map(|row| Some((place(row.place)?, row.reason))).collect())
}

/// The guests of an event whom a host must not write to by one of these `channels`, for one of these `reasons`, where only a
/// hash says so. Everybody else who is stopped is found by the address itself.
pub(crate) async fn stopped_by_hash(
    db: &mut PgConnection,
    secrets: &Secrets,
    host: UserId,
    event: EventId,
    channels: &[Channel],
    reasons: &[Reason],
) -> Result<Vec<GuestId>> {
    let hashed = sqlx::query_scalar!(
        r#"
        select exists (select from suppressions
            where address_hash is not null and (host_id is null or host_id = $1)) as "hashed!"
        "#,
        host.0,
    );
    if !hashed.fetch_one(&mut *db).await? {
        return Ok(Vec::new());
    }
    let guests = sqlx::query!(
        r#"
        select id as "id: GuestId", email, phone from guests
        where host_id = $1 and event_id = $2 and deleted_at is null and (email is not null or phone is not null)
        "#,
        host.0,
        event.0,
    )
    .fetch_all(&mut *db)
    .await?;
    let addresses: Vec<_> =
        guests.iter().flat_map(|guest| [guest.email.clone(), guest.phone.clone()]).flatten().collect();
    let stopped = stopped(db, secrets, host, &addresses).await?;
    let is_stopped = |channel: Channel, address: &Option<String>| {
        let reason = address.as_ref().and_then(|address| stopped.get(address));
        channels.contains(&channel) && reason.is_some_and(|reason| reasons.contains(reason))
    };
    let ids = guests
        .iter()
        .filter(|guest| is_stopped(Channel::Email, &guest.email) || is_stopped(Channel::Sms, &guest.phone))
        .map(|guest| guest.id);
    Ok(ids.collect())
}
