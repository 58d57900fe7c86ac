//! What people see. Pages are rendered on the server and compile only there; islands and server functions compile for
//! the browser too.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod auth;
#[cfg(feature = "ssr")]
pub mod backup;
#[cfg(feature = "ssr")]
pub mod billing;
pub mod events;
pub mod guests;
pub mod imports;
pub mod invitations;
#[cfg(feature = "ssr")]
pub mod notifications;
pub mod phone;
#[cfg(feature = "ssr")]
pub mod privacy;
pub mod rsvp;
pub mod ui;

/// The document around every page, and the table of all pages.
#[cfg(feature = "ssr")]
mod pages;
/// The only door to the server: who is asking, and how answers leave.
#[cfg(feature = "ssr")]
pub mod ssr;

#[cfg(feature = "ssr")]
pub use pages::{App, shell};

/// Wakes the islands of a page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
