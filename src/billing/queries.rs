use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::{
    Billed, Status, Tier,
    limits::{self, Usage},
    subscriptions::Kept,
};
use crate::{auth::Host, backend::Backend, error::Result, ids::UserId};

/// The tier of an account: what its subscription grants, for the days of grace also while a payment is due.
pub async fn tier(db: impl PgExecutor<'_>, backend: &Backend, host: UserId) -> Result<Tier> {
    if backend.billing.stripe.is_none() {
        return Ok(backend.billing.default_tier);
    }
    let tier = sqlx::query_scalar!(
        r#"
        select tier as "tier: Tier" from subscriptions
        where host_id = $1 and grants and (past_due_since is null or past_due_since > $2)
        "#,
        host.0,
        backend.clock.now() - backend.billing.grace,
    )
    .fetch_optional(db)
    .await?;
    Ok(tier.unwrap_or_default())
}

/// The subscription from which an account has its tier, or had until its grace ran out.
pub async fn subscription(db: impl PgExecutor<'_>, host: UserId) -> Result<Option<Kept>> {
    Ok(sqlx::query_as!(
        Kept,
        r#"
        select stripe_id, item_id, tier as "tier: Tier", billed as "billed: Billed", status as "status: Status", period_end,
            cancel_at_period_end, past_due_since
        from subscriptions where host_id = $1 and grants
        "#,
        host.0,
    )
    .fetch_optional(db)
    .await?)
}

/// What a price costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// ISO 4217, in small letters.
    pub currency: String,
    /// In the currency's smallest unit.
    pub amount: i64,
}

/// What is sold, for everybody.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    /// What can be bought, and what it costs as far as that is known by now.
    pub offers: HashMap<(Tier, Billed), Option<Cost>>,
}

/// What is sold; `None`: nothing.
pub async fn offers(backend: &Backend) -> Result<Option<Offers>> {
    let Some(stripe) = &backend.billing.stripe else { return Ok(None) };
    let rows = sqlx::query!("select id, currency, amount from stripe_prices").fetch_all(&backend.db).await?;
    let mut costs: HashMap<String, Cost> =
        rows.into_iter().map(|row| (row.id, Cost { currency: row.currency, amount: row.amount })).collect();
    let mut offers = HashMap::new();
    for tier in Tier::ALL {
        for billed in Billed::ALL {
            if let Some(price) = stripe.price(tier, billed) {
                offers.insert((tier, billed), costs.remove(price));
            }
        }
    }
    Ok(Some(Offers { offers }))
}

/// The page of an account's plan.
#[derive(Clone, Debug)]
pub struct Account {
    pub tier: Tier,
    pub subscription: Option<Kept>,
    pub due: Option<Due>,
    pub has_customer: bool,
    pub events: Usage,
    /// The event with most guests that is planned, and how many it has.
    pub largest: Option<(String, i64)>,
    pub offers: Offers,
}

/// An account's plan; `NotFound` where nothing is sold.
pub async fn account(backend: &Backend, host: &Host) -> Result<Account> {
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
    Ok(Account {
        tier: tier(&backend.db, backend, host.id()).await?,
        due: overdue(backend, host.id()).await?,
        subscription,
        has_customer,
        events: limits::events(backend, host).await?,
        largest: largest.map(|row| (row.title, row.guests)),
        offers,
    })
}

/// A payment that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Until when the tier stays.
    pub until: DateTime<Utc>,
    /// Whether that is over.
    pub over: bool,
}

/// What everybody should see who is late with a payment.
pub async fn overdue(backend: &Backend, host: UserId) -> Result<Option<Due>> {
    if backend.billing.stripe.is_none() {
        return Ok(None);
    }
    let since = sqlx::query_scalar!("select past_due_since from subscriptions where host_id = $1 and grants", host.0)
        .fetch_optional(&backend.db)
        .await?;
    let due = |since| {
        let until = since + backend.billing.grace;
        Due { until, over: until <= backend.clock.now() }
    };
    Ok(since.flatten().map(due))
}
