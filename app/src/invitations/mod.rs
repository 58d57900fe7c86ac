//! Pages of invitations: sending them, manual delivery, and what guests open.

pub mod api;
#[cfg(feature = "ssr")]
pub mod invite;
#[cfg(feature = "ssr")]
pub mod manual_delivery;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod reply;
