//! The user interface. Pages are rendered and compiled on the server only; islands and server functions compile for the
//! browser too.

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

#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
pub mod ssr;

#[cfg(feature = "ssr")]
pub use pages::{App, shell};

/// Hydrates the islands of a page.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
