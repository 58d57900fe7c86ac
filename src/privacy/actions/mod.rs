//! What hosts agree to and take along, and how people are forgotten.

mod accept;
mod account;
mod forget;
mod guest;

pub use accept::accept;
pub use account::{delete_account, remove_deleted};
pub use forget::{forget_due, warn_of_forgetting};
pub use guest::{correct, erase, stop_channel};
