//! Subscriptions: webhook events, reconciliation with Stripe, and the stored state.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;

use super::limits;
use crate::{
    backend::Backend,
    error::{Error, Result},
    ids::UserId,
    payments::{Stripe, StripeSubscription},
    plan::{Interval, SubscriptionStatus, Tier},
    problem::Problem,
};

mod event;
mod record;

pub use event::StripeEvent;
pub(super) use record::link_customer;
use record::{AUTHORITATIVE, EventOrder, apply_tier, host_of, remove_customer, store};

/// Handles a webhook event once: stores its id and applies it in one transaction. The newest event wins, and a refresh from
/// Stripe follows, so that order and gaps do not matter. Events without effect are stored too.
pub async fn handle_event(backend: &Backend, stripe: &Stripe, event: &StripeEvent) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    let new = sqlx::query!(
        "insert into webhook_events (provider, key, kind, received_at, body) values ('stripe', left($1, 300), left($2, 200), $3, $4)
        on conflict do nothing",
        event.id,
        event.kind,
        backend.clock.now(),
        // Without personal data.
        json!({ "created": event.happened.timestamp(), "object": event.text("id"), "customer": event.customer() }),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let ours = event.live.is_none_or(|live| live == stripe.live) && event.account.is_none();
    if new == 1 && ours {
        apply(&mut tx, backend, stripe, event).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn apply(tx: &mut PgConnection, backend: &Backend, stripe: &Stripe, event: &StripeEvent) -> Result<()> {
    let Some(customer) = event.customer() else { return Ok(()) };
    match &*event.kind {
        "checkout.session.completed" => {
            let host = event.text("client_reference_id").and_then(|id| id.parse().ok()).map(UserId);
            if let Some(host) = host {
                link_customer(tx, backend, host, customer).await?;
            }
        }
        "customer.subscription.created" | "customer.subscription.updated" | "customer.subscription.deleted" => {
            if let (Some(host), Ok(subscription)) =
                (host_of(tx, customer).await?, serde_json::from_value::<StripeSubscription>(event.object.clone()))
            {
                let order = EventOrder { at: event.happened, rank: event.rank(), id: &event.id };
                limits::lock_account(tx, host).await?;
                store(tx, stripe, host, &subscription, order).await?;
                apply_tier(tx, host).await?;
            }
        }
        "customer.deleted" => return remove_customer(tx, customer).await,
        "invoice.paid" | "invoice.payment_failed" => {}
        _ => return Ok(()),
    }
    // The Stripe account may have customers of other services.
    match host_of(tx, customer).await? {
        Some(_) => super::jobs::enqueue_refresh(tx, customer).await,
        None => Ok(()),
    }
}

/// Fetches a customer's subscriptions from Stripe and stores them.
pub async fn refresh(backend: &Backend, stripe: &Stripe, customer: &str) -> Result<()> {
    // Changes during the request cause events and another refresh; events have whole seconds.
    let at = DateTime::from_timestamp(backend.clock.now().timestamp() - 1, 0).unwrap_or_default();
    let subscriptions = stripe.subscriptions(customer).await?;
    let mut tx = backend.db.begin().await?;
    if let Some(host) = host_of(&mut tx, customer).await? {
        limits::lock_account(&mut tx, host).await?;
        for subscription in &subscriptions {
            store(&mut tx, stripe, host, subscription, EventOrder { at, rank: AUTHORITATIVE, id: "" }).await?;
        }
        apply_tier(&mut tx, host).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Cancels a customer's subscriptions and deletes the customer at Stripe. Idempotent.
pub async fn close_customer(stripe: &Stripe, customer: &str) -> Result<()> {
    let gone = |result: Result<()>| match result {
        Err(Error::Problem(Problem::NotFound)) => Ok(()),
        other => other,
    };
    let subscriptions = match stripe.subscriptions(customer).await {
        Err(Error::Problem(Problem::NotFound)) => return Ok(()),
        result => result?,
    };
    for subscription in subscriptions {
        if !matches!(subscription.status(), SubscriptionStatus::Canceled | SubscriptionStatus::IncompleteExpired) {
            gone(stripe.cancel_now(&subscription.id).await)?;
        }
    }
    gone(stripe.delete_customer(customer).await)
}

/// Reconciles with Stripe: missed events, expired subscriptions, prices. Run by the schedule.
pub async fn reconcile(backend: &Backend) -> Result<()> {
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
        if let Some(event) = StripeEvent::read(json.as_bytes()) {
            handle_event(backend, stripe, &event).await?;
        }
    }
    let overdue = sqlx::query_scalar!(
        "select c.stripe_id from subscriptions s join billing_customers c on c.host_id = s.host_id
        where s.grants_tier and s.period_end < $1",
        now - OVERDUE,
    )
    .fetch_all(&backend.db)
    .await?;
    for customer in overdue {
        refresh(backend, stripe, &customer).await?;
    }
    sync_prices(backend, stripe).await
}

/// Fetches the amounts of our prices.
pub async fn sync_prices(backend: &Backend, stripe: &Stripe) -> Result<()> {
    for id in stripe.prices() {
        let price = stripe.price_of(id).await?;
        let (Some(currency), Some(amount)) = (price.currency, price.unit_amount) else { continue };
        sqlx::query!(
            "insert into stripe_prices (id, currency, amount, fetched_at) values ($1, $2, $3, $4)
            on conflict (id) do update set currency = excluded.currency, amount = excluded.amount, fetched_at = excluded.fetched_at",
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

/// A subscription as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSubscription {
    pub stripe_id: String,
    pub item_id: String,
    pub tier: Tier,
    pub interval: Interval,
    pub status: SubscriptionStatus,
    pub period_end: Option<DateTime<Utc>>,
    pub cancel_at_period_end: bool,
    pub past_due_since: Option<DateTime<Utc>>,
}
