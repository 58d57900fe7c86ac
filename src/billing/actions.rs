//! Billing verbs: checkout, portal, cancel, resume.

use uuid::Uuid;

use super::{
    queries,
    subscriptions::{self, StoredSubscription},
};
use crate::{
    actors::Host,
    backend::Backend,
    error::{Error, Result},
    payments::{PortalFlow, Stripe},
    plan::{Interval, Tier},
    problem::{Conflict, Problem},
};

/// Starts a first subscription at Stripe's checkout, or a change of price in its portal. Returns the URL. `key` makes
/// repeats of one click idempotent.
pub async fn buy(backend: &Backend, host: &Host, tier: Tier, interval: Interval, key: Uuid) -> Result<String> {
    let stripe = stripe(backend)?;
    let price = stripe.price(tier, interval).ok_or(Problem::NotFound)?;
    let customer = customer(backend, stripe, host).await?;
    // Another window may have just changed it.
    subscriptions::refresh(backend, stripe, &customer).await?;
    let back = backend.links.billing();
    if let Some(StoredSubscription { stripe_id, item_id, tier: now, interval: every, .. }) =
        queries::subscription(&backend.db, host.id()).await?
    {
        if (now, every) == (tier, interval) {
            return Err(Problem::Conflict(Conflict::PlanAlready).into());
        }
        let flow = PortalFlow::Change { subscription: &stripe_id, item: &item_id, price };
        return stripe.portal(&customer, &back, flow).await;
    }
    let key = format!("checkout-{}-{key}", host.id());
    let success = format!("{back}?session_id={{CHECKOUT_SESSION_ID}}");
    let checkout = stripe.create_checkout(&key, &customer, &host.id().to_string(), price, [&success, &back]).await?;
    checkout.url.ok_or_else(|| Problem::Conflict(Conflict::PlanAlready).into())
}

/// Opens Stripe's portal for payment methods and invoices. Returns the URL.
pub async fn open_portal(backend: &Backend, host: &Host) -> Result<String> {
    let stripe = stripe(backend)?;
    let customer = customer(backend, stripe, host).await?;
    stripe.portal(&customer, &backend.links.billing(), PortalFlow::Everything).await
}

/// Cancels the subscription at the end of the period, or resumes it.
pub async fn set_cancel_at_period_end(backend: &Backend, host: &Host, cancel: bool) -> Result<()> {
    let stripe = stripe(backend)?;
    let subscription =
        queries::subscription(&backend.db, host.id()).await?.ok_or(Problem::Conflict(Conflict::NoPlan))?;
    let customer = stripe.set_cancel_at_period_end(&subscription.stripe_id, cancel).await?.customer;
    subscriptions::refresh(backend, stripe, &customer).await
}

/// Updates the subscription when the host returns from checkout; Stripe's event may come later.
///
/// # Errors
/// `NotFound` for another account's checkout.
pub async fn return_from_checkout(backend: &Backend, host: &Host, session: &str) -> Result<()> {
    let stripe = stripe(backend)?;
    let checkout = stripe.checkout(session).await?;
    let (Some(customer), true) = (checkout.customer, checkout.client_reference_id == Some(host.id().to_string()))
    else {
        return Err(Problem::NotFound.into());
    };
    let mut tx = backend.db.begin().await?;
    subscriptions::link_customer(&mut tx, backend, host.id(), &customer).await?;
    tx.commit().await?;
    subscriptions::refresh(backend, stripe, &customer).await
}

/// Fetches the account's subscriptions from Stripe.
pub async fn refresh(backend: &Backend, host: &Host) -> Result<()> {
    let stripe = stripe(backend)?;
    match known_customer(backend, host).await? {
        Some(customer) => subscriptions::refresh(backend, stripe, &customer).await,
        None => Ok(()),
    }
}

/// The account's customer at Stripe, created if missing. Idempotent for parallel requests by its key.
async fn customer(backend: &Backend, stripe: &Stripe, host: &Host) -> Result<String> {
    if let Some(known) = known_customer(backend, host).await? {
        return Ok(known);
    }
    let key = format!("customer-{}-{}", host.id(), backend.clock.now().date_naive());
    let created = stripe.create_customer(&key, host.email(), host.name(), &host.id().to_string()).await?;
    let mut tx = backend.db.begin().await?;
    subscriptions::link_customer(&mut tx, backend, host.id(), &created).await?;
    tx.commit().await?;
    Ok(created)
}

async fn known_customer(backend: &Backend, host: &Host) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select stripe_id from billing_customers where host_id = $1", host.id().0)
        .fetch_optional(&backend.db)
        .await?)
}

fn stripe(backend: &Backend) -> Result<&Stripe> {
    backend.billing.stripe.as_ref().ok_or(Error::Problem(Problem::NotFound))
}
