//! The application under test and those who use it.

mod actors;
mod app;
pub mod backups;
pub mod node;
mod peers;
pub mod smtp;
pub mod stripe;
mod wire;

pub use actors::{Actor, Answer, hidden, links};
pub use app::{App, PASSWORD, Settings, account_link, sign_up_of};
pub use peers::{Amazon, Certificates, python, sign};
pub use wire::Wire;
