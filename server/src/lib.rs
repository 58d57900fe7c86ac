//! The process: configuration, router, sessions, sockets, telemetry, and the subcommands that use them.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
// `println!` panics when nobody reads any more; `say!` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod client;
pub mod commands;
pub mod config;
pub mod connect;
mod csrf;
mod downloads;
mod error_response;
mod forms;
mod guard;
mod headers;
mod health;
mod http;
pub mod listen;
pub mod live;
mod own_data;
pub mod router;
mod sessions;
mod shutdown;
pub mod telemetry;
mod unsubscribe;
mod uploads;
mod webhooks;
