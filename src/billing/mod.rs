//! Billing: subscriptions at Stripe, and the limits of plans.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
pub mod limits;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod stripe;
#[cfg(feature = "ssr")]
pub mod subscriptions;
#[cfg(all(test, feature = "ssr"))]
mod tests;

/// The billing interval.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display, strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Interval {
    #[default]
    Monthly,
    Yearly,
}

/// Stripe's status of a subscription (docs.stripe.com/api/subscriptions/object).
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
pub enum SubscriptionStatus {
    /// The first payment is pending.
    Incomplete,
    IncompleteExpired,
    Trialing,
    Active,
    /// A later payment failed and is retried.
    PastDue,
    Canceled,
    /// Payments failed for good.
    Unpaid,
    Paused,
}

/// This installation's billing.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct Billing {
    /// The tier of all accounts without Stripe.
    pub default_tier: crate::plan::Tier,
    /// How long a tier remains after a failed payment.
    pub grace: chrono::TimeDelta,
    pub stripe: Option<stripe::Stripe>,
}

#[cfg(feature = "ssr")]
impl Billing {
    pub fn new(default_tier: crate::plan::Tier, grace_days: u16, stripe: Option<stripe::Stripe>) -> Self {
        Self { default_tier, grace: chrono::TimeDelta::days(grace_days.into()), stripe }
    }
}
