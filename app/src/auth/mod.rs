//! Signing up, in and out; proving an address; setting passwords; where one is signed in.

#[cfg(feature = "ssr")]
pub mod account;
pub mod api;
#[cfg(feature = "ssr")]
pub mod forgot;
/// Pages that links in account mails lead to.
#[cfg(feature = "ssr")]
pub mod links;
#[cfg(feature = "ssr")]
pub mod sign_in;
#[cfg(feature = "ssr")]
pub mod sign_up;
