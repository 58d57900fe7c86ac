//! Plan limits: checks in the transaction that needs the room.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::queries;
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    ids::{EventId, UserId},
    plan::{LimitReached, Tier},
    problem::Problem,
};

/// Locks the account, so that parallel requests for room wait for each other.
pub(crate) async fn lock_account(tx: &mut PgConnection, host: UserId) -> Result<()> {
    sqlx::query!("select from users where id = $1 for no key update", host.0).execute(tx).await?;
    Ok(())
}

/// Checks for room for one more event, until the transaction ends. `but` is the event that needs the room.
pub(crate) async fn room_for_event(
    tx: &mut PgConnection,
    backend: &Backend,
    host: &Host,
    but: Option<EventId>,
) -> Result<()> {
    lock_account(tx, host.id()).await?;
    let tier = queries::tier(&mut *tx, backend, host.id()).await?;
    let Some(limit) = tier.limits().events else { return Ok(()) };
    let used = planned(tx, host.id(), backend.clock.now(), but).await?;
    if used < limit { Ok(()) } else { Err(reached(LimitReached::Events, tier, used, limit)) }
}

/// Checks for room for `more` guests at an event. The caller has locked the event.
pub(crate) async fn room_for_guests(
    tx: &mut PgConnection,
    backend: &Backend,
    host: &Host,
    event: EventId,
    more: i64,
) -> Result<()> {
    let tier = queries::tier(&mut *tx, backend, host.id()).await?;
    let limit = tier.limits().guests;
    let used = listed(tx, host.id(), event).await?;
    if used + more <= limit { Ok(()) } else { Err(reached(LimitReached::Guests, tier, used, limit)) }
}

/// Number of guests that still fit at an event.
pub(crate) async fn guests_left(tx: &mut PgConnection, backend: &Backend, host: &Host, event: EventId) -> Result<i64> {
    let tier = queries::tier(&mut *tx, backend, host.id()).await?;
    Ok((tier.limits().guests - listed(tx, host.id(), event).await?).max(0))
}

/// Rejects sending for an account or event above its limits. Never used for what guests do, or for event updates.
pub(crate) async fn require_within_limits(backend: &Backend, host: &Host, event: EventId) -> Result<()> {
    let mut db = backend.db.acquire().await?;
    let tier = queries::tier(&mut *db, backend, host.id()).await?;
    let limits = tier.limits();
    if let Some(limit) = limits.events {
        let used = planned(&mut db, host.id(), backend.clock.now(), None).await?;
        if used > limit {
            return Err(reached(LimitReached::TooManyEvents, tier, used, limit));
        }
    }
    let used = listed(&mut *db, host.id(), event).await?;
    if used > limits.guests {
        return Err(reached(LimitReached::TooManyGuests, tier, used, limits.guests));
    }
    Ok(())
}

fn reached(reason: LimitReached, tier: Tier, used: i64, limit: i64) -> crate::error::Error {
    Problem::UpgradeRequired { reason, tier, used, limit }.into()
}

/// Number of upcoming events that are not cancelled.
pub(super) async fn planned(
    db: &mut PgConnection,
    host: UserId,
    now: DateTime<Utc>,
    but: Option<EventId>,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from events
        where host_id = $1 and cancelled_at is null and coalesce(ends_at, starts_at) > $2 and id is distinct from $3
        "#,
        host.0,
        now,
        but.map(|event| event.0),
    )
    .fetch_one(db)
    .await?)
}

/// Number of guests at an event.
pub async fn listed(db: impl PgExecutor<'_>, host: UserId, event: EventId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from guests where host_id = $1 and event_id = $2 and deleted_at is null"#,
        host.0,
        event.0,
    )
    .fetch_one(db)
    .await?)
}

/// Usage of one limit, for pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanUsage {
    pub tier: Tier,
    pub used: i64,
    /// `None`: unlimited.
    pub limit: Option<i64>,
    /// Whether plans are sold.
    pub for_sale: bool,
}

/// Usage of the event limit.
pub async fn events(backend: &Backend, host: &Host) -> Result<PlanUsage> {
    let mut db = backend.db.acquire().await?;
    let tier = queries::tier(&mut *db, backend, host.id()).await?;
    let used = planned(&mut db, host.id(), backend.clock.now(), None).await?;
    Ok(PlanUsage { tier, used, limit: tier.limits().events, for_sale: backend.billing.stripe.is_some() })
}

/// Usage of an event's guest limit.
pub async fn guests(backend: &Backend, host: &Host, used: i64) -> Result<PlanUsage> {
    let tier = queries::tier(&backend.db, backend, host.id()).await?;
    Ok(PlanUsage { tier, used, limit: Some(tier.limits().guests), for_sale: backend.billing.stripe.is_some() })
}
