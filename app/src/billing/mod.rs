//! Plans: what they cost, what is used of one's own, and what to do when it is full.

pub mod api;
/// What appears wherever a plan is full.
pub mod dialog;
/// The host's own plan.
pub mod plan;
/// What plans cost, for everybody.
pub mod pricing;
/// The cards of the plans, with the next step on each.
mod tiers;
/// How much of a plan is used.
pub mod usage;

/// The address of the host's own plan.
pub const PAGE: &str = "/dashboard/billing";
