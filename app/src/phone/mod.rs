//! Phone number fields.

mod check;
#[cfg(feature = "ssr")]
pub mod field;
mod input;

pub use input::TABLE;
