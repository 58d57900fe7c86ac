//! Privacy verbs: consent, account deletion, a guest's rights, retention.

mod accept;
mod account;
mod guest;
mod retention;

pub use accept::accept;
pub use account::{delete_account, remove_deleted};
pub use guest::{correct, erase, stop_channel};
pub use retention::{anonymise_due, send_retention_notices};
