//! The process: configuration, router, sessions, sockets, telemetry, and the subcommands that use them.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
// `println!` panics when nobody reads any more; `say!` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

/// From which network a request came.
mod client;
/// The subcommands of the binary.
pub mod commands;
/// All settings, read once.
pub mod config;
/// Connecting what every verb needs.
pub mod connect;
/// Files that people take along: calendar entries, lists of guests, links; and messages as they are written.
mod downloads;
/// Forms without JavaScript: post, redirect, and the form back with its faults.
mod forms;
/// Who may see the dashboard, and whether anybody may see anything: maintenance.
mod guard;
/// Security headers.
mod headers;
/// Whether this node is well.
mod health;
/// Connections: accepted, timed, and let go of.
pub mod listen;
/// "Event X changed" hints from Redis to browsers.
pub mod live;
/// What other sites make browsers send.
mod origin;
/// What people take along, and how accounts end, for programs.
mod own_data;
/// A problem as the answer of a plain route.
mod refusal;
/// All routes and what surrounds them.
pub mod router;
/// Browser sessions in Redis.
mod sessions;
/// Logs and metrics.
pub mod telemetry;
/// Where people stop messages, and mail programs do it for them.
mod unsubscribe;
/// Files that come in.
mod uploads;
/// Where providers tell what became of messages.
mod webhooks;
