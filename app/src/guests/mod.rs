//! The guest list.

pub mod api;
/// Reading a pasted list while it is typed (island).
pub mod quick_add;

#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
pub mod paste;
#[cfg(feature = "ssr")]
pub mod table;
