use uuid::Uuid;

use super::{
    Billed, Tier,
    queries::subscription,
    stripe::{Stripe, Visit},
    subscriptions::{self, Kept},
};
use crate::{
    auth::Host,
    backend::Backend,
    error::{Error, Result},
    problem::{Conflict, Problem},
};

/// Leads to Stripe's checkout for a first subscription, or to its portal to agree to another price. Returns the address.
/// `key` tells repeats of one press apart from another press.
pub async fn buy(backend: &Backend, host: &Host, tier: Tier, billed: Billed, key: Uuid) -> Result<String> {
    let stripe = stripe(backend)?;
    let price = stripe.price(tier, billed).ok_or(Problem::NotFound)?;
    let customer = customer(backend, stripe, host).await?;
    // What another window did just now counts as well.
    subscriptions::refresh(backend, stripe, &customer).await?;
    let back = backend.links.billing();
    if let Some(Kept { stripe_id, item_id, tier: now, billed: how, .. }) = subscription(&backend.db, host.id()).await? {
        if (now, how) == (tier, billed) {
            return Err(Problem::Conflict(Conflict::PlanAlready).into());
        }
        let visit = Visit::Change { subscription: &stripe_id, item: &item_id, price };
        return stripe.portal(&customer, &back, visit).await;
    }
    let key = format!("checkout-{}-{key}", host.id());
    let success = format!("{back}?session_id={{CHECKOUT_SESSION_ID}}");
    let checkout = stripe.create_checkout(&key, &customer, &host.id().to_string(), price, [&success, &back]).await?;
    checkout.url.ok_or_else(|| Problem::Conflict(Conflict::PlanAlready).into())
}

/// Leads to Stripe's portal: means of payment, invoices. Returns the address.
pub async fn visit_portal(backend: &Backend, host: &Host) -> Result<String> {
    let stripe = stripe(backend)?;
    let customer = customer(backend, stripe, host).await?;
    stripe.portal(&customer, &backend.links.billing(), Visit::Everything).await
}

/// Lets the subscription end with what is paid, or go on after all.
pub async fn set_ending(backend: &Backend, host: &Host, ends: bool) -> Result<()> {
    let stripe = stripe(backend)?;
    let kept = subscription(&backend.db, host.id()).await?.ok_or(Problem::Conflict(Conflict::NoPlan))?;
    let customer = stripe.set_ending(&kept.stripe_id, ends).await?.customer;
    subscriptions::refresh(backend, stripe, &customer).await
}

/// Whoever comes back from the checkout sees the truth at once: Stripe is asked, its event may come later. Somebody
/// else's checkout is not found.
pub async fn returned(backend: &Backend, host: &Host, session: &str) -> Result<()> {
    let stripe = stripe(backend)?;
    let checkout = stripe.checkout(session).await?;
    let (Some(customer), true) = (checkout.customer, checkout.client_reference_id == Some(host.id().to_string()))
    else {
        return Err(Problem::NotFound.into());
    };
    let mut tx = backend.db.begin().await?;
    subscriptions::meet(&mut tx, backend, host.id(), &customer).await?;
    tx.commit().await?;
    subscriptions::refresh(backend, stripe, &customer).await
}

/// Asks Stripe how the account stands.
pub async fn refresh(backend: &Backend, host: &Host) -> Result<()> {
    let stripe = stripe(backend)?;
    match known_customer(backend, host).await? {
        Some(customer) => subscriptions::refresh(backend, stripe, &customer).await,
        None => Ok(()),
    }
}

/// The account's customer at Stripe, made at the first need. Two requests at once make one: Stripe answers the same key
/// with the same customer.
async fn customer(backend: &Backend, stripe: &Stripe, host: &Host) -> Result<String> {
    if let Some(known) = known_customer(backend, host).await? {
        return Ok(known);
    }
    let key = format!("customer-{}-{}", host.id(), backend.clock.now().date_naive());
    let made = stripe.create_customer(&key, host.email(), host.name(), &host.id().to_string()).await?;
    let mut tx = backend.db.begin().await?;
    subscriptions::meet(&mut tx, backend, host.id(), &made).await?;
    tx.commit().await?;
    Ok(made)
}

async fn known_customer(backend: &Backend, host: &Host) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select stripe_id from billing_customers where host_id = $1", host.id().0)
        .fetch_optional(&backend.db)
        .await?)
}

fn stripe(backend: &Backend) -> Result<&Stripe> {
    backend.billing.stripe.as_ref().ok_or(Error::Problem(Problem::NotFound))
}
