//! Account verbs: sign-up, sign-in, sessions, passwords, addresses.

mod account_event;
mod address;
mod lock;
mod password;
mod session;
mod sign_in;
mod sign_up;
mod token;

pub use account_event::{handle_account_event, request_reset, request_verification};
pub use address::{change_address, confirm_new_address, verify};
pub(crate) use lock::delete_address_records;
pub use password::{change_password, reauthenticate, reset_password};
pub use session::{delete_expired, end_other_sessions, end_session, revoke_reused, rotate, touch};
pub use sign_in::sign_in;
pub use sign_up::{sign_up, sign_up_verified};
