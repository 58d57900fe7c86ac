//! What was sent.

/// The development outbox, readable in the browser.
pub mod inbox;
/// Where people stop messages.
pub mod unsubscribe;
