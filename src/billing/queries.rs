//! Billing queries: tier, subscription, offers, and the plan page.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use strum::VariantArray;

use super::{
    limits::{self, PlanUsage},
    subscriptions::StoredSubscription,
};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    ids::UserId,
    plan::{Interval, SubscriptionStatus, Tier},
};

/// An account's tier. A subscription with an overdue payment still grants it during the grace period.
pub async fn tier(db: impl PgExecutor<'_>, backend: &Backend, host: UserId) -> Result<Tier> {
    if backend.billing.stripe.is_none() {
        return Ok(backend.billing.default_tier);
    }
    let tier = sqlx::query_scalar!(
        r#"
        select tier as "tier: Tier" from subscriptions
        where host_id = $1 and grants_tier and (past_due_since is null or past_due_since > $2)
        "#,
        host.0,
        backend.clock.now() - backend.billing.grace,
    )
    .fetch_optional(db)
    .await?;
    Ok(tier.unwrap_or_default())
}

/// The subscription that grants the tier, or did until the grace period ended.
pub async fn subscription(db: impl PgExecutor<'_>, host: UserId) -> Result<Option<StoredSubscription>> {
    Ok(sqlx::query_as!(
        StoredSubscription,
        r#"
        select stripe_id, item_id, tier as "tier: Tier", billing_interval as "interval: Interval", status as "status: SubscriptionStatus", period_end,
            cancel_at_period_end, past_due_since
        from subscriptions where host_id = $1 and grants_tier
        "#,
        host.0,
    )
    .fetch_optional(db)
    .await?)
}

/// The amount of a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// ISO 4217, lower case.
    pub currency: String,
    /// In the currency's minor unit.
    pub amount: i64,
}

/// The plans on sale.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    /// Each price on sale, with its cost once fetched.
    pub offers: HashMap<(Tier, Interval), Option<Cost>>,
}

/// The plans on sale; `None` without Stripe.
pub async fn offers(backend: &Backend) -> Result<Option<Offers>> {
    let Some(stripe) = &backend.billing.stripe else { return Ok(None) };
    let rows = sqlx::query!("select id, currency, amount from stripe_prices").fetch_all(&backend.db).await?;
    let mut costs: HashMap<String, Cost> =
        rows.into_iter().map(|row| (row.id, Cost { currency: row.currency, amount: row.amount })).collect();
    let mut offers = HashMap::new();
    for &tier in Tier::ALL {
        for &interval in Interval::VARIANTS {
            if let Some(price) = stripe.price(tier, interval) {
                offers.insert((tier, interval), costs.remove(price));
            }
        }
    }
    Ok(Some(Offers { offers }))
}

#[derive(Clone, Debug)]
pub struct PlanPage {
    pub tier: Tier,
    pub subscription: Option<StoredSubscription>,
    pub due: Option<PaymentDue>,
    pub has_customer: bool,
    pub events: PlanUsage,
    /// Title and guests of the largest upcoming event.
    pub largest: Option<(String, i64)>,
    pub offers: Offers,
}

/// The plan page; `NotFound` without Stripe.
pub async fn account(backend: &Backend, host: &Host) -> Result<PlanPage> {
    let offers = offers(backend).await?.ok_or(crate::problem::Problem::NotFound)?;
    let subscription = subscription(&backend.db, host.id()).await?;
    let largest = sqlx::query!(
        r#"
        select e.title, count(*) as "guests!" from events e
        join guests g on g.host_id = e.host_id and g.event_id = e.id and g.deleted_at is null
        where e.host_id = $1 and e.cancelled_at is null and coalesce(e.ends_at, e.starts_at) > $2
        group by e.id, e.title order by 2 desc, e.id limit 1
        "#,
        host.id().0,
        backend.clock.now(),
    )
    .fetch_optional(&backend.db)
    .await?;
    let has_customer = sqlx::query_scalar!(
        r#"select exists (select from billing_customers where host_id = $1) as "exists!""#,
        host.id().0
    )
    .fetch_one(&backend.db)
    .await?;
    Ok(PlanPage {
        tier: tier(&backend.db, backend, host.id()).await?,
        due: overdue(backend, host.id()).await?,
        subscription,
        has_customer,
        events: limits::events(backend, host).await?,
        largest: largest.map(|row| (row.title, row.guests)),
        offers,
    })
}

/// An overdue payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentDue {
    /// End of the grace period.
    pub until: DateTime<Utc>,
    /// Whether it has ended.
    pub over: bool,
}

/// The account's overdue payment.
pub async fn overdue(backend: &Backend, host: UserId) -> Result<Option<PaymentDue>> {
    if backend.billing.stripe.is_none() {
        return Ok(None);
    }
    let since =
        sqlx::query_scalar!("select past_due_since from subscriptions where host_id = $1 and grants_tier", host.0)
            .fetch_optional(&backend.db)
            .await?;
    let due = |since| {
        let until = since + backend.billing.grace;
        PaymentDue { until, over: until <= backend.clock.now() }
    };
    Ok(since.flatten().map(due))
}
