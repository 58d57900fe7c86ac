//! Billing pages: plans, prices, usage, and the upgrade dialog.

pub mod api;
pub mod dialog;
pub mod plan;
pub mod pricing;
mod tiers;
pub mod usage;

/// The path of the plan page.
pub const PAGE: &str = "/dashboard/billing";
