//! Import pages: upload, review, result.

pub mod api;
mod column;
#[cfg(feature = "ssr")]
mod mapping;
mod preview;
mod preview_table;
#[cfg(feature = "ssr")]
mod result;
#[cfg(feature = "ssr")]
pub mod review;
#[cfg(feature = "ssr")]
mod rows;
mod send;
#[cfg(feature = "ssr")]
mod skipped_rows;
#[cfg(feature = "ssr")]
pub mod upload;

#[cfg(feature = "ssr")]
pub use skipped_rows::skipped_rows;
