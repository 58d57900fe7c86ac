//! Privacy pages: legal documents, consent, data export, account deletion, a guest's own data.

mod account;
mod api;
mod ask;
mod delete;
mod documents;
mod guest;
mod page;

pub use account::YourData;
pub use ask::AskToAccept;
pub use delete::DeleteAccountPage;
pub use guest::{ErasePage, GuestDataPage, data_page};
pub use page::{PrivacyPolicyPage, TermsPage};
