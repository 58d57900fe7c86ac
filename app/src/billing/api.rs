//! Server functions of billing.

use guestguard::{
    billing::actions,
    plan::{Interval, Tier},
    problem::Problem,
    rate_limits::Limit,
};
use leptos::prelude::*;
use uuid::Uuid;

use super::PAGE;
use crate::ssr::{self, flash::Notice};

/// Redirects to Stripe, to buy or change a plan.
#[server(endpoint = "billing/buy")]
pub async fn buy(tier: Tier, interval: Interval, key: Uuid) -> Result<(), Problem> {
    let (backend, host) = ssr::host_within(Limit::Billing).await?;
    ssr::redirect_external(&ssr::reply(actions::buy(&backend, &host, tier, interval, key).await)?)
}

/// Redirects to Stripe's portal for payment methods and invoices.
#[server(endpoint = "billing/portal")]
pub async fn portal() -> Result<(), Problem> {
    let (backend, host) = ssr::host_within(Limit::Billing).await?;
    ssr::redirect_external(&ssr::reply(actions::open_portal(&backend, &host).await)?)
}

/// Cancels the plan at the end of the period.
#[server(endpoint = "billing/cancel")]
pub async fn cancel() -> Result<(), Problem> {
    let (backend, host) = ssr::host_within(Limit::Billing).await?;
    ssr::reply(actions::set_cancel_at_period_end(&backend, &host, true).await)?;
    ssr::redirect(Some(Notice::PlanCancelled), PAGE).await
}

/// Resumes a cancelled plan.
#[server(endpoint = "billing/resume")]
pub async fn resume() -> Result<(), Problem> {
    let (backend, host) = ssr::host_within(Limit::Billing).await?;
    ssr::reply(actions::set_cancel_at_period_end(&backend, &host, false).await)?;
    ssr::redirect(Some(Notice::PlanResumed), PAGE).await
}

/// Refreshes the plan from Stripe.
#[server(endpoint = "billing/refresh")]
pub async fn refresh() -> Result<(), Problem> {
    let (backend, host) = ssr::host_within(Limit::Billing).await?;
    ssr::reply(actions::refresh(&backend, &host).await)?;
    ssr::redirect(None, PAGE).await
}
