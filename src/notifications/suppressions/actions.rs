use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{Reason, address_hash, normal};
use crate::{
    backend::Backend, error::Result, guests, ids::UserId, notifications::unsubscribing::Subscription, secrets::Secrets,
};

/// Soft bounces within [`SOFT_DAYS`] that make an address count as broken.
const MOST_SOFT_BOUNCES: i64 = 5;
const SOFT_DAYS: i64 = 14;

/// Whose messages stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One host's.
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

/// Keeps an address from being written to from now on, and cancels what waits for it, in the caller's transaction. Where
/// only its hash is kept, that stays so.
/// Messages about accounts still go after an unsubscription: nobody could sign in without them.
pub async fn suppress(
    tx: &mut PgConnection,
    secrets: &Secrets,
    now: DateTime<Utc>,
    address: &str,
    scope: Scope,
    reason: Reason,
) -> Result<()> {
    let address = normal(address);
    sqlx::query!(
        "insert into suppressions (address, address_hash, host_id, reason, at)
        select case when not hashed then $1 end, case when hashed then $2::bytea end, $3, $4, $5
        from (select exists (select from suppressions
            where address_hash = $2 and (host_id is null or $3::uuid is null or host_id = $3)) as hashed) known
        on conflict on constraint suppressions_key do nothing",
        address,
        address_hash(secrets, &address)?,
        scope.host().map(|host| host.0),
        reason.key(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    let waiting = sqlx::query!(
        r#"
        select n.host_id as "host: UserId", n.guest_id as "guest: crate::ids::GuestId" from notifications n
        where lower(n.recipient) = $1 and n.state = 'queued' and ($2::uuid is null or n.host_id = $2)
            and (n.guest_id is not null or $3 <> 'unsubscribed')
        order by n.host_id, n.guest_id
        "#,
        address,
        scope.host().map(|host| host.0),
        reason.key(),
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in waiting {
        let guest = row.guest.as_slice();
        guests::standing::hold(tx, row.host, guest).await?;
        sqlx::query!(
            "update notifications set state = 'suppressed', last_error = $5, state_changed_at = $4
            where host_id = $1 and lower(recipient) = $2 and state = 'queued' and guest_id is not distinct from $3",
            row.host.0,
            address,
            row.guest.map(|guest| guest.0),
            now,
            reason.key(),
        )
        .execute(&mut *tx)
        .await?;
        guests::standing::restate(tx, row.host, guest).await?;
    }
    Ok(())
}

/// Counts a soft bounce that was noted already, and gives the address up after five in 14 days.
pub async fn count_soft_bounce(
    tx: &mut PgConnection,
    secrets: &Secrets,
    now: DateTime<Utc>,
    address: &str,
) -> Result<()> {
    let address = normal(address);
    let lately = sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from notifications
        where lower(recipient) = $1 and bounce_type = 'soft' and state_changed_at > $2
        "#,
        address,
        now - TimeDelta::days(SOFT_DAYS),
    )
    .fetch_one(&mut *tx)
    .await?;
    if lately >= MOST_SOFT_BOUNCES {
        suppress(tx, secrets, now, &address, Scope::Everybody, Reason::SoftBounces).await?;
    }
    Ok(())
}

/// Stops one host's messages to whoever the link was written to, or everybody's. Takes effect at once.
pub async fn unsubscribe(backend: &Backend, subscription: &Subscription, everybody: bool) -> Result<()> {
    let scope = if everybody { Scope::Everybody } else { Scope::Host(subscription.host) };
    let mut tx = backend.db.begin().await?;
    suppress(&mut tx, &backend.secrets, backend.clock.now(), &subscription.address, scope, Reason::Unsubscribed)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Takes an unsubscription back: from this host, and from everybody's messages.
pub async fn subscribe_again(backend: &Backend, subscription: &Subscription) -> Result<()> {
    sqlx::query!(
        "delete from suppressions
        where (address = $1 or address_hash = $2) and reason in ('unsubscribed', 'erased')
            and (host_id = $3 or host_id is null)",
        subscription.address,
        address_hash(&backend.secrets, &subscription.address)?,
        subscription.host.0,
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}

/// Lets an address be written to again after the operator has seen to it. Unsubscriptions stay: they are not ours to
/// take back. Returns whether there was anything to lift.
pub async fn lift(backend: &Backend, address: &str) -> Result<bool> {
    let lifted = sqlx::query!(
        "delete from suppressions
        where (address = $1 or address_hash = $2) and reason not in ('unsubscribed', 'erased')",
        normal(address),
        address_hash(&backend.secrets, address)?,
    )
    .execute(&backend.db)
    .await?;
    Ok(lifted.rows_affected() > 0)
}
