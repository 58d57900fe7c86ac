use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::{Reached, Tier, queries};
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    ids::{EventId, UserId},
    problem::Problem,
};

/// Holds the account, so that two requests that need room for an event wait for each other.
pub(crate) async fn hold(tx: &mut PgConnection, host: UserId) -> Result<()> {
    sqlx::query!("select from users where id = $1 for no key update", host.0).execute(tx).await?;
    Ok(())
}

/// Makes sure that the host's tier has room for one more event, until the caller's transaction ends. `but` is an event
/// that does not count, because it is the one that is about to need the room.
pub(crate) async fn room_for_event(
    tx: &mut PgConnection,
    backend: &Backend,
    host: &Host,
    but: Option<EventId>,
) -> Result<()> {
    hold(tx, host.id()).await?;
    let tier = queries::tier(&mut *tx, backend, host.id()).await?;
    let Some(limit) = tier.allowance().events else { return Ok(()) };
    let used = planned(tx, host.id(), backend.clock.now(), but).await?;
    if used < limit { Ok(()) } else { Err(reached(Reached::Events, tier, used, limit)) }
}

/// Makes sure that the host's tier has room for so many more guests on the event's list. The caller holds the event.
pub(crate) async fn room_for_guests(
    tx: &mut PgConnection,
    backend: &Backend,
    host: &Host,
    event: EventId,
    more: i64,
) -> Result<()> {
    let tier = queries::tier(&mut *tx, backend, host.id()).await?;
    let limit = tier.allowance().guests;
    let used = listed(tx, host.id(), event).await?;
    if used + more <= limit { Ok(()) } else { Err(reached(Reached::Guests, tier, used, limit)) }
}

/// How many more guests the host's tier has room for on the event's list.
pub(crate) async fn guests_left(tx: &mut PgConnection, backend: &Backend, host: &Host, event: EventId) -> Result<i64> {
    let tier = queries::tier(&mut *tx, backend, host.id()).await?;
    Ok((tier.allowance().guests - listed(tx, host.id(), event).await?).max(0))
}

/// Refuses to send for an account or an event that has outgrown its tier. What guests do, and what tells them of a
/// change, is never refused.
pub(crate) async fn refuse_outgrown(backend: &Backend, host: &Host, event: EventId) -> Result<()> {
    let mut db = backend.db.acquire().await?;
    let tier = queries::tier(&mut *db, backend, host.id()).await?;
    let allowance = tier.allowance();
    if let Some(limit) = allowance.events {
        let used = planned(&mut db, host.id(), backend.clock.now(), None).await?;
        if used > limit {
            return Err(reached(Reached::TooManyEvents, tier, used, limit));
        }
    }
    let used = listed(&mut *db, host.id(), event).await?;
    if used > allowance.guests {
        return Err(reached(Reached::TooManyGuests, tier, used, allowance.guests));
    }
    Ok(())
}

fn reached(reason: Reached, tier: Tier, used: i64, limit: i64) -> crate::error::Error {
    Problem::UpgradeRequired { reason, tier, used, limit }.into()
}

/// Events that are planned: neither over nor cancelled.
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

/// Guests on an event's list.
pub async fn listed(db: impl PgExecutor<'_>, host: UserId, event: EventId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from guests where host_id = $1 and event_id = $2 and deleted_at is null"#,
        host.0,
        event.0,
    )
    .fetch_one(db)
    .await?)
}

/// How much of what a tier allows is used, for pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    pub tier: Tier,
    pub used: i64,
    /// `None`: any number.
    pub limit: Option<i64>,
    /// Whether there is anything to buy here.
    pub for_sale: bool,
}

/// The events that are planned.
pub async fn events(backend: &Backend, host: &Host) -> Result<Usage> {
    let mut db = backend.db.acquire().await?;
    let tier = queries::tier(&mut *db, backend, host.id()).await?;
    let used = planned(&mut db, host.id(), backend.clock.now(), None).await?;
    Ok(Usage { tier, used, limit: tier.allowance().events, for_sale: backend.billing.stripe.is_some() })
}

/// The guests of one event, on whose list `used` stand.
pub async fn guests(backend: &Backend, host: &Host, used: i64) -> Result<Usage> {
    let tier = queries::tier(&backend.db, backend, host.id()).await?;
    Ok(Usage { tier, used, limit: Some(tier.allowance().guests), for_sale: backend.billing.stripe.is_some() })
}
