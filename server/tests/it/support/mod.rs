//! The application under test, its users, and the services beside it.

mod actors;
mod app;
pub mod backups;
#[macro_use]
mod fixture;
pub mod node;
mod peers;
pub mod probes;
pub mod smtp;
pub mod stripe;
mod wait;
mod wire;

pub use actors::{Actor, Response, hidden, links};
pub use app::{App, PASSWORD, Settings, account_link, sign_up_of};
pub use fixture::{Fixture, InvitedGuest};
pub use peers::{Amazon, Certificates, python, sign};
pub use wait::{eventually, eventually_within, pass};
pub use wire::Wire;
