use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{
    Status, Tier, limits,
    stripe::{Stripe, Subscription},
};
use crate::{
    backend::Backend,
    error::{Error, Result},
    ids::UserId,
    jobs,
    problem::Problem,
};

/// An event of Stripe's, as far as it is read (docs.stripe.com/api/events).
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub kind: String,
    happened: DateTime<Utc>,
    live: Option<bool>,
    /// The connected account it is about; we have none.
    account: Option<String>,
    object: Value,
}

/// What stands around every event.
#[derive(Deserialize)]
struct Envelope {
    id: String,
    r#type: String,
    /// Seconds since 1970.
    created: i64,
    livemode: Option<bool>,
    account: Option<String>,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

impl Event {
    /// Reads an event; `None`: it is none.
    pub fn read(json: &[u8]) -> Option<Self> {
        let Envelope { id, r#type, created, livemode, account, data } = serde_json::from_slice(json).ok()?;
        let happened = DateTime::from_timestamp(created, 0)?;
        Some(Self { id, kind: r#type, happened, live: livemode, account, object: data.object })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.object.get(name)?.as_str()
    }

    /// The customer it is about.
    fn customer(&self) -> Option<&str> {
        self.text(if self.kind.starts_with("customer.") && self.text("object") == Some("customer") {
            "id"
        } else {
            "customer"
        })
    }

    /// Events of one second: in this order they come in a subscription's life.
    fn rank(&self) -> i16 {
        match &*self.kind {
            "customer.subscription.created" => 0,
            "customer.subscription.deleted" => 2,
            _ => 1,
        }
    }
}

/// The rank of what Stripe answered: it goes before all that was told until then.
const TRUTH: i16 = 3;

/// When something was heard of a subscription, in an order that is the same whatever order it comes in.
struct Heard<'a> {
    at: DateTime<Utc>,
    rank: i16,
    id: &'a str,
}

/// Takes in what Stripe tells, once: it is kept by its id together with its effect. The newest that happened wins, and
/// Stripe is asked for the truth afterwards, so that order and gaps do not matter. What we do not act on is kept as well.
pub async fn hear(backend: &Backend, stripe: &Stripe, event: &Event) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    let new = sqlx::query!(
        "insert into webhook_events (provider, key, kind, received_at, body) values ('stripe', left($1, 300), left($2, 200), $3, $4)
        on conflict do nothing",
        event.id,
        event.kind,
        backend.clock.now(),
        // Without what Stripe knows of people: none of that is ours to keep.
        json!({ "created": event.happened.timestamp(), "object": event.text("id"), "customer": event.customer() }),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let ours = event.live.is_none_or(|live| live == stripe.live) && event.account.is_none();
    if new == 1 && ours {
        act(&mut tx, backend, stripe, event).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn act(tx: &mut PgConnection, backend: &Backend, stripe: &Stripe, event: &Event) -> Result<()> {
    let Some(customer) = event.customer() else { return Ok(()) };
    match &*event.kind {
        "checkout.session.completed" => {
            let host = event.text("client_reference_id").and_then(|id| id.parse().ok()).map(UserId);
            if let Some(host) = host {
                meet(tx, backend, host, customer).await?;
            }
        }
        "customer.subscription.created" | "customer.subscription.updated" | "customer.subscription.deleted" => {
            if let (Some(host), Ok(subscription)) =
                (host_of(tx, customer).await?, serde_json::from_value::<Subscription>(event.object.clone()))
            {
                let heard = Heard { at: event.happened, rank: event.rank(), id: &event.id };
                limits::hold(tx, host).await?;
                note(tx, stripe, host, &subscription, heard).await?;
                grant(tx, host).await?;
            }
        }
        "customer.deleted" => return forget(tx, customer).await,
        "invoice.paid" | "invoice.payment_failed" => {}
        _ => return Ok(()),
    }
    // The account at Stripe may serve others than us.
    match host_of(tx, customer).await? {
        Some(_) => jobs::enqueue_refresh(tx, customer).await,
        None => Ok(()),
    }
}

/// Asks Stripe for all subscriptions of a customer, and keeps what it says.
pub async fn refresh(backend: &Backend, stripe: &Stripe, customer: &str) -> Result<()> {
    // What happens while Stripe answers is told by an event of its own, and asked for again; events name whole seconds.
    let at = DateTime::from_timestamp(backend.clock.now().timestamp() - 1, 0).unwrap_or_default();
    let subscriptions = stripe.subscriptions(customer).await?;
    let mut tx = backend.db.begin().await?;
    if let Some(host) = host_of(&mut tx, customer).await? {
        limits::hold(&mut tx, host).await?;
        for subscription in &subscriptions {
            note(&mut tx, stripe, host, subscription, Heard { at, rank: TRUTH, id: "" }).await?;
        }
        grant(&mut tx, host).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Ends everything that a customer pays for, and lets Stripe forget them. What is done already is done.
pub async fn close_customer(stripe: &Stripe, customer: &str) -> Result<()> {
    let gone = |result: Result<()>| match result {
        Err(Error::Problem(Problem::NotFound)) => Ok(()),
        other => other,
    };
    let subscriptions = match stripe.subscriptions(customer).await {
        Err(Error::Problem(Problem::NotFound)) => return Ok(()),
        found => found?,
    };
    for subscription in subscriptions {
        if !matches!(subscription.status(), Status::Canceled | Status::IncompleteExpired) {
            gone(stripe.end_now(&subscription.id).await)?;
        }
    }
    gone(stripe.delete_customer(customer).await)
}

/// Repairs what was missed: events that never came in, subscriptions whose time is over without a word, and prices. Run
/// by the schedule.
pub async fn reconcile(backend: &Backend) -> Result<()> {
    /// What is known to be over is asked for again at most so often.
    const OVERDUE: TimeDelta = TimeDelta::hours(1);
    /// Stripe keeps events for 30 days.
    const LONGEST: TimeDelta = TimeDelta::days(29);
    let Some(stripe) = &backend.billing.stripe else { return Ok(()) };
    let now = backend.clock.now();
    let last = sqlx::query_scalar!("select max(received_at) from webhook_events where provider = 'stripe'")
        .fetch_one(&backend.db)
        .await?;
    let since = last.unwrap_or(now).max(now - LONGEST) - TimeDelta::hours(2);
    for json in stripe.events_since(since).await?.iter().rev() {
        if let Some(event) = Event::read(json.as_bytes()) {
            hear(backend, stripe, &event).await?;
        }
    }
    let overdue = sqlx::query_scalar!(
        "select c.stripe_id from subscriptions s join billing_customers c on c.host_id = s.host_id
        where s.grants and s.period_end < $1",
        now - OVERDUE,
    )
    .fetch_all(&backend.db)
    .await?;
    for customer in overdue {
        refresh(backend, stripe, &customer).await?;
    }
    see_prices(backend, stripe).await
}

/// Learns what our prices cost.
pub async fn see_prices(backend: &Backend, stripe: &Stripe) -> Result<()> {
    for id in stripe.prices() {
        let price = stripe.price_of(id).await?;
        let (Some(currency), Some(amount)) = (price.currency, price.unit_amount) else { continue };
        sqlx::query!(
            "insert into stripe_prices (id, currency, amount, seen_at) values ($1, $2, $3, $4)
            on conflict (id) do update set currency = excluded.currency, amount = excluded.amount, seen_at = excluded.seen_at",
            price.id,
            currency.to_lowercase(),
            amount,
            backend.clock.now(),
        )
        .execute(&backend.db)
        .await?;
    }
    Ok(())
}

/// Notes whose customer that is. An account has one; another is left to the operator.
pub(super) async fn meet(tx: &mut PgConnection, backend: &Backend, host: UserId, customer: &str) -> Result<()> {
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
        // Their account was deleted while they were on their way to the checkout.
        jobs::enqueue_close_customer(tx, customer).await?;
    }
    if known.as_deref().is_some_and(|known| known != customer) {
        tracing::error!(%host, customer, ?known, "an account has paid as a second customer at Stripe");
    }
    Ok(())
}

/// A customer was deleted at Stripe: their subscriptions ended with them.
async fn forget(tx: &mut PgConnection, customer: &str) -> Result<()> {
    let Some(host) = host_of(tx, customer).await? else { return Ok(()) };
    limits::hold(tx, host).await?;
    sqlx::query!(
        "update subscriptions set status = 'canceled', grants = false, past_due_since = null where host_id = $1",
        host.0,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from billing_customers where host_id = $1", host.0).execute(tx).await?;
    Ok(())
}

async fn host_of(tx: &mut PgConnection, customer: &str) -> Result<Option<UserId>> {
    Ok(sqlx::query_scalar!(r#"select host_id as "host: UserId" from billing_customers where stripe_id = $1"#, customer)
        .fetch_optional(tx)
        .await?)
}

/// Keeps how a subscription stands: what Stripe answered always, what it told unless something newer was heard.
async fn note(
    tx: &mut PgConnection,
    stripe: &Stripe,
    host: UserId,
    subscription: &Subscription,
    heard: Heard<'_>,
) -> Result<()> {
    let bought = subscription.price().and_then(|price| stripe.bought(price));
    if bought.is_none() {
        tracing::error!(
            subscription = subscription.id,
            price = subscription.price(),
            "a price that is not set buys nothing; see GG_STRIPE_PRICE_…"
        );
    }
    let (tier, billed) = bought.unwrap_or((Tier::Free, super::Billed::Monthly));
    let status = subscription.status();
    sqlx::query!(
        "insert into subscriptions as s (host_id, stripe_id, item_id, tier, billed, status, period_end,
            cancel_at_period_end, past_due_since, heard_at, heard_rank, heard_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, case when $6 = 'past_due' then $9::timestamptz end, $9, $10, $11)
        on conflict (stripe_id) do update set item_id = excluded.item_id, tier = excluded.tier, billed = excluded.billed,
            status = excluded.status, period_end = excluded.period_end,
            cancel_at_period_end = excluded.cancel_at_period_end,
            past_due_since = case when excluded.status = 'past_due' then coalesce(s.past_due_since, excluded.heard_at) end,
            (heard_at, heard_rank, heard_id) = (select * from (values (s.heard_at, s.heard_rank, s.heard_id),
                (excluded.heard_at, excluded.heard_rank, excluded.heard_id)) h order by 1 desc, 2 desc, 3 desc limit 1)
        where s.host_id = excluded.host_id and (excluded.heard_rank = $12
            or (s.heard_at, s.heard_rank, s.heard_id) < (excluded.heard_at, excluded.heard_rank, excluded.heard_id))",
        host.0,
        subscription.id,
        subscription.item_id(),
        tier.key(),
        billed.key(),
        status.key(),
        subscription.period_end(),
        subscription.ends(),
        heard.at,
        heard.rank,
        heard.id,
        TRUTH,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Settles from which subscription the account has its tier: of those that stand, the one for the largest.
async fn grant(tx: &mut PgConnection, host: UserId) -> Result<()> {
    let best = sqlx::query_scalar!(
        "select stripe_id from subscriptions
        where host_id = $1 and status in ('active', 'trialing', 'past_due')
        order by array_position(array['business', 'pro', 'free'], tier), status = 'past_due', period_end desc nulls last, stripe_id
        limit 1",
        host.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    // First nobody, then that one: there is never a second.
    sqlx::query!(
        "update subscriptions set grants = false where host_id = $1 and grants and stripe_id is distinct from $2",
        host.0,
        best,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update subscriptions set grants = true where host_id = $1 and stripe_id = $2 and not grants",
        host.0,
        best,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What is kept of one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub stripe_id: String,
    pub item_id: String,
    pub tier: Tier,
    pub billed: super::Billed,
    pub status: Status,
    pub period_end: Option<DateTime<Utc>>,
    pub cancel_at_period_end: bool,
    pub past_due_since: Option<DateTime<Utc>>,
}
