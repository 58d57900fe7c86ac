//! What hosts agree to and take along, and what guests can do about their data.

/// The part of the account page that is about a host's own data.
mod account;
/// The server functions.
mod api;
/// What hosts are asked to agree to, on every page until they did.
mod ask;
/// Deleting an account.
mod delete;
/// The documents' own words.
mod documents;
/// What is held about a guest, for them to see, put right, and end.
mod guest;
/// The documents as pages.
mod page;

pub use account::YourData;
pub use ask::AskToAccept;
pub use delete::DeleteAccountPage;
pub use guest::{ErasePage, GuestDataPage, data_page};
pub use page::{PrivacyPolicyPage, TermsPage};
