//! GuestGuard, the product: its words, rules and verbs, and every SQL statement. No HTTP, no HTML, no Leptos.
//!
//! Each feature folder holds `mod.rs` (types and rules, also compiled for the browser), `queries.rs` (reads, each
//! shaped for one page) and `actions.rs` (verbs: one function, one sentence, one transaction).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod actors;
pub mod auth;
pub mod billing;
pub mod events;
pub mod guests;
pub mod ids;
pub mod imports;
pub mod invitations;
pub mod legal;
pub mod notifications;
pub mod phone;
pub mod plan;
pub mod privacy;
pub mod problem;
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
#[cfg(feature = "ssr")]
pub mod database;
#[cfg(feature = "ssr")]
pub mod error;
#[cfg(feature = "ssr")]
pub mod links;
#[cfg(feature = "ssr")]
pub mod live;
#[cfg(feature = "ssr")]
pub mod maintenance;
#[cfg(feature = "ssr")]
pub mod migrations;
#[cfg(feature = "ssr")]
pub mod payments;
#[cfg(feature = "ssr")]
pub mod queue;
#[cfg(feature = "ssr")]
pub mod rate_limits;
#[cfg(feature = "ssr")]
pub mod redis;
#[cfg(feature = "ssr")]
pub mod registry;
#[cfg(feature = "ssr")]
pub mod secrets;
#[cfg(feature = "ssr")]
pub mod services;
#[cfg(all(test, feature = "ssr"))]
mod testing;
