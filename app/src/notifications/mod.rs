//! Messages: pages and forms for what is sent to guests, its delivery, and unsubscribing.

pub mod api;
pub mod inbox;
pub mod messages;
pub mod notify;
pub mod outcome;
pub mod reminders;
pub mod sms_fallback;
pub mod templates;
pub mod unsubscribe;
