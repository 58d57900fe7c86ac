//! Stored subscriptions and customers: ordered updates, and the tier they grant.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    backend::Backend,
    billing::limits,
    error::Result,
    ids::UserId,
    payments::{Stripe, StripeSubscription},
    plan::{Interval, SubscriptionStatus, Tier},
};

/// Rank of a response from Stripe's API: overrides all earlier events.
pub const AUTHORITATIVE: i16 = 3;

/// Position of an update, independent of the order of arrival.
pub struct EventOrder<'a> {
    pub at: DateTime<Utc>,
    pub rank: i16,
    pub id: &'a str,
}

/// Links a Stripe customer to the account. A second one is logged for the operator.
pub async fn link_customer(tx: &mut PgConnection, backend: &Backend, host: UserId, customer: &str) -> Result<()> {
    sqlx::query!(
        "insert into billing_customers (host_id, stripe_id, created_at)
        select id, $2, $3 from users where id = $1 and deleted_at is null on conflict do nothing",
        host.0,
        customer,
        backend.clock.now(),
    )
    .execute(&mut *tx)
    .await?;
    let known = sqlx::query_scalar!("select stripe_id from billing_customers where host_id = $1", host.0)
        .fetch_optional(&mut *tx)
        .await?;
    if known.is_none() {
        // The account was deleted during checkout.
        crate::billing::jobs::enqueue_close_customer(tx, customer).await?;
    }
    if known.as_deref().is_some_and(|known| known != customer) {
        tracing::error!(%host, customer, ?known, "an account has paid as a second customer at Stripe");
    }
    Ok(())
}

/// Removes a customer deleted at Stripe, whose subscriptions ended with it.
pub async fn remove_customer(tx: &mut PgConnection, customer: &str) -> Result<()> {
    let Some(host) = host_of(tx, customer).await? else { return Ok(()) };
    limits::lock_account(tx, host).await?;
    sqlx::query!(
        "update subscriptions set status = 'canceled', grants_tier = false, past_due_since = null where host_id = $1",
        host.0,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from billing_customers where host_id = $1", host.0).execute(tx).await?;
    Ok(())
}

pub async fn host_of(tx: &mut PgConnection, customer: &str) -> Result<Option<UserId>> {
    Ok(sqlx::query_scalar!(r#"select host_id as "host: UserId" from billing_customers where stripe_id = $1"#, customer)
        .fetch_optional(tx)
        .await?)
}

/// Stores a subscription: responses always, events unless a newer one is stored.
pub async fn store(
    tx: &mut PgConnection,
    stripe: &Stripe,
    host: UserId,
    subscription: &StripeSubscription,
    order: EventOrder<'_>,
) -> Result<()> {
    let bought = subscription.price().and_then(|price| stripe.bought(price));
    if bought.is_none() {
        tracing::error!(
            subscription = subscription.id,
            price = subscription.price(),
            "a price that is not set buys nothing; see GG_STRIPE_PRICE_…"
        );
    }
    let (tier, interval) = bought.unwrap_or((Tier::Free, Interval::Monthly));
    let status = subscription.status();
    sqlx::query!(
        "insert into subscriptions as s (host_id, stripe_id, item_id, tier, billing_interval, status, period_end,
            cancel_at_period_end, past_due_since, event_at, event_rank, stripe_event_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, case when $6 = 'past_due' then $9::timestamptz end, $9, $10, $11)
        on conflict (stripe_id) do update set item_id = excluded.item_id, tier = excluded.tier, billing_interval = excluded.billing_interval,
            status = excluded.status, period_end = excluded.period_end,
            cancel_at_period_end = excluded.cancel_at_period_end,
            past_due_since = case when excluded.status = 'past_due' then coalesce(s.past_due_since, excluded.event_at) end,
            (event_at, event_rank, stripe_event_id) = (select * from (values (s.event_at, s.event_rank, s.stripe_event_id),
                (excluded.event_at, excluded.event_rank, excluded.stripe_event_id)) h order by 1 desc, 2 desc, 3 desc limit 1)
        where s.host_id = excluded.host_id and (excluded.event_rank = $12
            or (s.event_at, s.event_rank, s.stripe_event_id) < (excluded.event_at, excluded.event_rank, excluded.stripe_event_id))",
        host.0,
        subscription.id,
        subscription.item_id(),
        tier as Tier,
        interval as Interval,
        status as SubscriptionStatus,
        subscription.period_end(),
        subscription.is_ending(),
        order.at,
        order.rank,
        order.id,
        AUTHORITATIVE,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Selects the subscription that grants the account's tier: the largest of the active ones.
pub async fn apply_tier(tx: &mut PgConnection, host: UserId) -> Result<()> {
    let best = sqlx::query_scalar!(
        "select stripe_id from subscriptions
        where host_id = $1 and status in ('active', 'trialing', 'past_due')
        order by array_position(array['business', 'pro', 'free'], tier), status = 'past_due', period_end desc nulls last, stripe_id
        limit 1",
        host.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    // Revoke first: at most one may grant.
    sqlx::query!(
        "update subscriptions set grants_tier = false where host_id = $1 and grants_tier and stripe_id is distinct from $2",
        host.0,
        best,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update subscriptions set grants_tier = true where host_id = $1 and stripe_id = $2 and not grants_tier",
        host.0,
        best,
    )
    .execute(tx)
    .await?;
    Ok(())
}
