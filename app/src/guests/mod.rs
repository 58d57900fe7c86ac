//! The guest list.

pub mod api;
/// Editing in a dialog, and keys, on the guest table (island).
mod at_hand;
/// Reading a pasted list while it is typed (island).
pub mod quick_add;

#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
pub mod paste;
#[cfg(feature = "ssr")]
pub mod table;
