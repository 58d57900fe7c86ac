//! Phone numbers, typed.

/// The field as the server draws it: a list of countries and a number.
#[cfg(feature = "ssr")]
pub mod field;
/// What the browser adds: a searchable country, a check while typing (island).
mod input;
/// What a typed number is, as far as the browser can tell.
mod reading;

pub use input::TABLE;
