//! Guest list pages: the table, adding, pasting and editing guests.

pub mod api;
pub mod quick_add;
mod table_shortcuts;

#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
pub mod paste;
#[cfg(feature = "ssr")]
pub mod table;
