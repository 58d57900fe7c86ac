//! What people do with their accounts.

mod address;
mod lock;
mod news;
mod password;
mod record;
mod session;
mod sign_in;
mod sign_up;
mod token;

pub use address::{agree_to_new_address, change_address, verify};
pub(crate) use lock::forget_address;
pub use news::{ask_for_reset, ask_for_verification, handle_account_event};
pub use password::{change_password, prove, reset_password};
pub use record::{record, record_of};
pub use session::{end_other_sessions, end_session, forget_the_past, renew, revoke_replayed, see};
pub use sign_in::sign_in;
pub use sign_up::{open_vouched, sign_up};
pub use token::forget_clear_token;
