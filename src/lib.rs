//! GuestGuard, the product: its words, rules and verbs, and every SQL statement. No HTTP, no HTML, no Leptos.
//!
//! Each feature folder holds `mod.rs` (types and rules, also compiled for the browser), `queries.rs` (reads, each
//! shaped for one page) and `actions.rs` (verbs: one function, one sentence, one transaction).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod actors;
pub mod auth;
pub mod billing;
/// What a host plans: title, time, place, capacity, theme.
pub mod events;
pub mod guests;
/// Typed identifiers.
pub mod ids;
pub mod imports;
/// Personal links: issuing, rotating, opening, and the proof type `Guest`.
pub mod invitations;
pub mod legal;
pub mod notifications;
pub mod phone;
pub mod plan;
pub mod privacy;
/// The closed list of things we tell people when a request cannot be done.
pub mod problem;
/// Answers, their history and the figures that follow from them.
pub mod rsvp;

#[cfg(feature = "ssr")]
pub mod audit;
#[cfg(feature = "ssr")]
pub mod backend;
#[cfg(feature = "ssr")]
pub mod backup;
#[cfg(feature = "ssr")]
pub mod clock;
#[cfg(feature = "ssr")]
pub mod data_exports;
/// What PostgreSQL's planner knows of our tables, and when it plans.
#[cfg(feature = "ssr")]
pub mod database;
/// `Error`: a `Problem` for the person, or an unexpected cause for the log.
#[cfg(feature = "ssr")]
pub mod error;
#[cfg(feature = "ssr")]
pub mod links;
/// "Event X changed" hints and single-use tickets over Redis.
#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
pub mod maintenance;
/// The schema's versions and how they are applied.
#[cfg(feature = "ssr")]
pub mod migrations;
#[cfg(feature = "ssr")]
pub mod payments;
#[cfg(feature = "ssr")]
pub mod queue;
#[cfg(feature = "ssr")]
pub mod rate_limits;
/// Redis, which may be away for a while.
#[cfg(feature = "ssr")]
pub mod redis;
#[cfg(feature = "ssr")]
pub mod registry;
/// Tokens, their hashes, and sealing of what must be readable again.
#[cfg(feature = "ssr")]
pub mod secrets;
#[cfg(feature = "ssr")]
pub mod services;
/// A backend on a test's own database, with a clock that tests move.
#[cfg(all(test, feature = "ssr"))]
mod testing;
