use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;

use super::{
    Billed, Status, Tier, limits,
    stripe::{Stripe, Subscription},
};
use crate::{
    backend::Backend,
    error::{Error, Result},
    ids::UserId,
    problem::Problem,
};

/// What Stripe tells.
mod event;
/// What is kept of it.
mod record;

pub use event::Event;
pub(super) use record::meet;
use record::{Heard, TRUTH, forget, grant, host_of, note};

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
        Some(_) => super::jobs::enqueue_refresh(tx, customer).await,
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

/// What is kept of one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub stripe_id: String,
    pub item_id: String,
    pub tier: Tier,
    pub billed: Billed,
    pub status: Status,
    pub period_end: Option<DateTime<Utc>>,
    pub cancel_at_period_end: bool,
    pub past_due_since: Option<DateTime<Utc>>,
}
