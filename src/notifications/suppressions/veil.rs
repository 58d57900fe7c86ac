use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Reason, normal};
use crate::{error::Result, ids::UserId, secrets::Secrets};

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
        "delete from journal where entry ->> 'table' = 'suppressions' and entry -> 'row' ->> 'address' = any ($1)
            and (entry -> 'row' ->> 'host_id' is null or entry -> 'row' ->> 'host_id' = $2)",
        &addresses,
        host.to_string(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets addresses whose hash stands there as well: what came back of people who were erased since.
pub(crate) async fn veil_known(tx: &mut PgConnection, secrets: &Secrets) -> anyhow::Result<()> {
    let hashed =
        sqlx::query!(r#"select address_hash as "hash!", host_id from suppressions where address_hash is not null"#)
            .fetch_all(&mut *tx)
            .await?;
    if hashed.is_empty() {
        return Ok(());
    }
    let hashed: HashSet<_> = hashed.into_iter().map(|row| (row.hash, row.host_id)).collect();
    let clear =
        sqlx::query!(r#"select distinct address as "address!", host_id from suppressions where address is not null"#)
            .fetch_all(&mut *tx)
            .await?;
    for row in clear {
        if hashed.contains(&(address_hash(secrets, &row.address)?, row.host_id)) {
            sqlx::query!(
                "delete from suppressions where address = $1 and host_id is not distinct from $2",
                row.address,
                row.host_id,
            )
            .execute(&mut *tx)
            .await?;
        }
    }
    Ok(())
}
