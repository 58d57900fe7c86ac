//! Billing jobs: subscriptions are refreshed from Stripe, and a deleted account's customer is closed there.

use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};

use super::subscriptions;
use crate::{
    error::Result,
    ids::UserId,
    queue::{self, Job, JobContext},
};

/// Fetches a customer's subscriptions from Stripe.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshSubscriptions {
    pub customer: String,
}

impl Job for RefreshSubscriptions {
    const NAME: &'static str = "refresh_subscriptions";

    async fn run(self, context: &JobContext) -> Result<()> {
        let backend = context.backend()?;
        let Some(stripe) = &backend.billing.stripe else { return Ok(()) };
        subscriptions::refresh(backend, stripe, &self.customer).await
    }
}

/// Repairs subscriptions whose webhooks were missed, and syncs prices.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReconcileSubscriptions;

impl Job for ReconcileSubscriptions {
    const NAME: &'static str = "reconcile_subscriptions";
    const MAX_ATTEMPTS: i32 = 25;

    async fn run(self, context: &JobContext) -> Result<()> {
        subscriptions::reconcile(context.backend()?).await
    }
}

/// Cancels a deleted account's subscriptions and deletes its customer at Stripe.
#[derive(Debug, Serialize, Deserialize)]
pub struct CloseCustomer {
    pub customer: String,
}

impl Job for CloseCustomer {
    const NAME: &'static str = "close_customer";
    const MAX_ATTEMPTS: i32 = 25;

    async fn run(self, context: &JobContext) -> Result<()> {
        match &context.backend()?.billing.stripe {
            Some(stripe) => subscriptions::close_customer(stripe, &self.customer).await.map_err(|error| {
                error.into_cause().context(format!("customer {} stays open at Stripe", self.customer)).into()
            }),
            None => Err(anyhow::anyhow!("GG_STRIPE_SECRET_KEY is not set any more").into()),
        }
    }
}

/// Enqueues a refresh of a customer's subscriptions, in the caller's transaction.
pub(super) async fn enqueue_refresh(tx: &mut PgConnection, customer: &str) -> Result<()> {
    let job = RefreshSubscriptions { customer: customer.to_owned() };
    queue::enqueue(tx, &job, Some(&format!("subscriptions of {customer}"))).await
}

/// Enqueues a reconciliation: what a worker missed while none was running.
pub async fn enqueue_reconcile(db: &PgPool) -> Result<()> {
    queue::enqueue(&mut *db.acquire().await?, &ReconcileSubscriptions, Some("reconcile")).await
}

/// Enqueues the closing of an account's customers at Stripe, in the caller's transaction.
pub async fn enqueue_close_customers(tx: &mut PgConnection, host: UserId) -> Result<()> {
    let customers = sqlx::query_scalar!("select stripe_id from billing_customers where host_id = $1", host.0)
        .fetch_all(&mut *tx)
        .await?;
    for customer in customers {
        enqueue_close_customer(tx, &customer).await?;
    }
    Ok(())
}

/// Enqueues the closing of one customer at Stripe, in the caller's transaction.
pub(super) async fn enqueue_close_customer(tx: &mut PgConnection, customer: &str) -> Result<()> {
    let job = CloseCustomer { customer: customer.to_owned() };
    queue::enqueue(tx, &job, Some(&format!("end of {customer}"))).await
}
