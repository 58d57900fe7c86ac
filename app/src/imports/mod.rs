/// What forms and islands call.
pub mod api;
/// What one column is taken for.
mod choice;
/// Rows that did not come onto the list, for the host to take along.
#[cfg(feature = "ssr")]
mod excluded;
/// What the columns hold, as the host sees and changes it.
#[cfg(feature = "ssr")]
mod layout;
/// What a chosen file holds, before it is sent (island).
mod preview;
/// Reading a chosen file in the browser.
mod reading;
/// What became of a file.
#[cfg(feature = "ssr")]
mod result;
/// One file, from its reading to its undoing.
#[cfg(feature = "ssr")]
pub mod review;
/// The rows of a file and what is said about each.
#[cfg(feature = "ssr")]
mod rows;
/// Sending a chosen file, with its progress.
mod sending;
/// Where a file comes in.
#[cfg(feature = "ssr")]
pub mod upload;

#[cfg(feature = "ssr")]
pub use excluded::excluded;
