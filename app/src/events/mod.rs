//! Planning events.

pub mod api;
/// The invitation card as it will look, while the form is filled in (island).
pub mod preview;

#[cfg(feature = "ssr")]
pub mod confirm;
#[cfg(feature = "ssr")]
pub mod dashboard;
#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
pub mod landing;
/// What all pages of one event have in common.
#[cfg(feature = "ssr")]
pub mod tabs;
