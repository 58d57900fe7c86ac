/// The server functions.
mod api;
/// What hosts are asked to agree to, on every page until they did.
mod ask;
/// The documents' own words.
mod documents;
/// The documents as pages.
mod page;

pub use ask::AskToAccept;
pub use page::{PrivacyPolicyPage, TermsPage};
