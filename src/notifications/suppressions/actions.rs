//! Adding to and removing from the suppression list.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Reason, address_hash, normalise_address};
use crate::{
    backend::Backend,
    error::Result,
    guests::status::GuestTx,
    ids::{GuestId, UserId},
    secrets::Secrets,
};

/// Soft bounces within [`SOFT_BOUNCE_DAYS`] after which an address is suppressed.
const MAX_SOFT_BOUNCES: i64 = 5;
const SOFT_BOUNCE_DAYS: i64 = 14;

/// Whose messages a suppression stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Host(UserId),
    Everybody,
}

impl Scope {
    fn host(self) -> Option<UserId> {
        match self {
            Self::Host(host) => Some(host),
            Self::Everybody => None,
        }
    }
}

/// Suppresses an address and cancels what waits for it, in the caller's transaction. An address that is stored as a hash
/// stays a hash. Emails about accounts are still sent after an unsubscription: nobody could sign in without them.
pub async fn suppress(
    tx: &mut GuestTx,
    secrets: &Secrets,
    now: DateTime<Utc>,
    address: &str,
    scope: Scope,
    reason: Reason,
) -> Result<()> {
    let address = normalise_address(address);
    sqlx::query!(
        "insert into suppressions (address, address_hash, host_id, reason, at)
        select case when not hashed then $1 end, case when hashed then $2::bytea end, $3, $4, $5
        from (select exists (select from suppressions
            where address_hash = $2 and (host_id is null or $3::uuid is null or host_id = $3)) as hashed) known
        on conflict on constraint suppressions_key do nothing",
        address,
        address_hash(secrets, &address)?,
        scope.host().map(|host| host.0),
        reason as Reason,
        now,
    )
    .execute(&mut **tx)
    .await?;
    let waiting = sqlx::query!(
        r#"
        select n.host_id as "host: UserId", n.guest_id as "guest: GuestId" from notifications n
        where lower(n.recipient) = $1 and n.state = 'queued' and ($2::uuid is null or n.host_id = $2)
            and (n.guest_id is not null or $3 <> 'unsubscribed')
        order by n.host_id, n.guest_id
        "#,
        address,
        scope.host().map(|host| host.0),
        reason as Reason,
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in waiting {
        tx.lock(row.host, row.guest.as_slice()).await?;
        sqlx::query!(
            "update notifications set state = 'suppressed', last_error = $5, state_changed_at = $4
            where host_id = $1 and lower(recipient) = $2 and state = 'queued' and guest_id is not distinct from $3",
            row.host.0,
            address,
            row.guest.map(|guest| guest.0),
            now,
            reason as Reason,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Suppresses the address if it soft-bounced five times in 14 days, the bounce that was just recorded included.
pub async fn count_soft_bounce(tx: &mut GuestTx, secrets: &Secrets, now: DateTime<Utc>, address: &str) -> Result<()> {
    let address = normalise_address(address);
    let recent = sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from notifications
        where lower(recipient) = $1 and bounce_type = 'soft' and state_changed_at > $2
        "#,
        address,
        now - TimeDelta::days(SOFT_BOUNCE_DAYS),
    )
    .fetch_one(&mut **tx)
    .await?;
    if recent >= MAX_SOFT_BOUNCES {
        suppress(tx, secrets, now, &address, Scope::Everybody, Reason::SoftBounces).await?;
    }
    Ok(())
}

/// Removes an address from the list after the operator has looked into it. Unsubscriptions stay: they are the recipient's
/// decision. Returns whether anything was removed.
pub async fn remove(backend: &Backend, address: &str) -> Result<bool> {
    let removed = sqlx::query!(
        "delete from suppressions
        where (address = $1 or address_hash = $2) and reason not in ('unsubscribed', 'erased')",
        normalise_address(address),
        address_hash(&backend.secrets, address)?,
    )
    .execute(&backend.db)
    .await?;
    Ok(removed.rows_affected() > 0)
}
