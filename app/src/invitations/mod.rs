//! Sending personal links, and the page they open.

pub mod api;
/// One link after another, handed over by the host.
#[cfg(feature = "ssr")]
pub mod by_hand;
#[cfg(feature = "ssr")]
pub mod invite;
#[cfg(feature = "ssr")]
pub mod page;
/// The answer form on the guest's page.
#[cfg(feature = "ssr")]
mod reply;
