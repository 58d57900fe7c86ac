//! Keyed address hashes: the suppressions of erased people, without their addresses.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Reason, normalise_address};
use crate::{
    error::Result,
    ids::{EventId, GuestId, UserId},
    notifications::Channel,
    secrets::Secrets,
};

/// The keyed hash (HMAC-SHA-256) of an address: it recognises the address when it comes again and reveals nothing else.
pub(crate) fn address_hash(secrets: &Secrets, address: &str) -> anyhow::Result<Vec<u8>> {
    secrets.keyed_hash(format!("address {}", normalise_address(address)).as_bytes())
}

/// Suppresses an address for one host and stores its hash only.
pub(crate) async fn suppress_by_hash(
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
        reason as Reason,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Replaces these addresses of a host's guests by their hashes, in the suppression list and in the part of the erasure log
/// that is not shipped yet. They stay suppressed.
pub(crate) async fn hash_addresses(
    tx: &mut PgConnection,
    secrets: &Secrets,
    host: UserId,
    addresses: &[String],
) -> Result<()> {
    let addresses: Vec<_> = addresses.iter().map(|address| normalise_address(address)).collect();
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
    // The trigger `log_erasure` logged the deletion above, with the address.
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

/// Hashes the addresses that are on the list as a hash too: those that bounced after their owner was erased.
pub(crate) async fn hash_known_addresses(tx: &mut PgConnection, secrets: &Secrets) -> anyhow::Result<()> {
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
        // Another host's own entry keeps the address, which that host knows.
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

/// Removes the plain addresses of somebody who resubscribed when only their hash was logged, so that a replay of the erasure
/// log does not suppress them again.
pub(crate) async fn remove_resubscribed(
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

/// The addresses among these that are suppressed for a host, in plain or as a hash, with the reason.
pub(crate) async fn suppressed(
    db: &mut PgConnection,
    secrets: &Secrets,
    host: UserId,
    addresses: &[String],
) -> Result<HashMap<String, Reason>> {
    let hashes: Vec<_> = addresses.iter().map(|address| address_hash(secrets, address)).collect::<Result<_, _>>()?;
    let normalised: Vec<_> = addresses.iter().map(|address| normalise_address(address)).collect();
    let rows = sqlx::query!(
        r#"
        select a.place as "place!", s.reason as "reason!: Reason"
        from unnest($1::text[], $2::bytea[]) with ordinality as a (address, hash, place)
        cross join lateral (select reason from suppressions_of($3, a.address, a.hash) order by at limit 1) s
        "#,
        &normalised,
        &hashes,
        host.0,
    )
    .fetch_all(db)
    .await?;
    let address = |place: i64| usize::try_from(place - 1).ok().and_then(|index| addresses.get(index)).cloned();
    Ok(rows.into_iter().filter_map(|row| Some((address(row.place)?, row.reason))).collect())
}

/// The guests of an event who are suppressed by a hash only, on one of these `channels` for one of these `reasons`. Callers
/// find the others by the plain address in SQL.
pub(crate) async fn suppressed_by_hash(
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
    let suppressed = suppressed(db, secrets, host, &addresses).await?;
    let is_suppressed = |channel: Channel, address: &Option<String>| {
        let reason = address.as_ref().and_then(|address| suppressed.get(address));
        channels.contains(&channel) && reason.is_some_and(|reason| reasons.contains(reason))
    };
    let ids = guests
        .iter()
        .filter(|guest| is_suppressed(Channel::Email, &guest.email) || is_suppressed(Channel::Sms, &guest.phone))
        .map(|guest| guest.id);
    Ok(ids.collect())
}
