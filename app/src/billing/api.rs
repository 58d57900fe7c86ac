use guestguard::{
    billing::{Billed, Tier, actions},
    problem::Problem,
    rate_limits::Limit,
};
use leptos::prelude::*;
use uuid::Uuid;

use super::PAGE;
use crate::{ssr, ui::flash::Notice};

/// Leads to Stripe, to pay for a plan or to agree to another.
#[server(endpoint = "billing/buy")]
pub async fn buy(tier: Tier, billed: Billed, key: Uuid) -> Result<(), Problem> {
    let (backend, host) = ssr::host_within(Limit::Billing).await?;
    ssr::away(&ssr::reply(actions::buy(&backend, &host, tier, billed, key).await)?)
}

/// Leads to Stripe, to means of payment and invoices.
#[server(endpoint = "billing/portal")]
pub async fn portal() -> Result<(), Problem> {
    let (backend, host) = ssr::host_within(Limit::Billing).await?;
    ssr::away(&ssr::reply(actions::visit_portal(&backend, &host).await)?)
}

/// Lets the plan end with what is paid.
#[server(endpoint = "billing/cancel")]
pub async fn cancel() -> Result<(), Problem> {
    let (backend, host) = ssr::host_within(Limit::Billing).await?;
    ssr::reply(actions::set_ending(&backend, &host, true).await)?;
    ssr::done(Some(Notice::PlanEnds), PAGE).await
}

/// Lets a cancelled plan go on after all.
#[server(endpoint = "billing/resume")]
pub async fn resume() -> Result<(), Problem> {
    let (backend, host) = ssr::host_within(Limit::Billing).await?;
    ssr::reply(actions::set_ending(&backend, &host, false).await)?;
    ssr::done(Some(Notice::PlanGoesOn), PAGE).await
}

/// Asks Stripe how the plan stands.
#[server(endpoint = "billing/refresh")]
pub async fn refresh() -> Result<(), Problem> {
    let (backend, host) = ssr::host_within(Limit::Billing).await?;
    ssr::reply(actions::refresh(&backend, &host).await)?;
    ssr::done(None, PAGE).await
}
