//! Billing: subscriptions at Stripe, and the limits of plans.

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
pub mod limits;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod subscriptions;
#[cfg(all(test, feature = "ssr"))]
mod tests;
