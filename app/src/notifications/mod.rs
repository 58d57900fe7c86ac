//! Messages: what was sent, what became of it, and how people stop it. Pages and forms only.

/// What forms call.
pub mod api;
/// The development outbox, readable in the browser.
pub mod inbox;
/// What became of an event's messages.
pub mod messages;
/// Where people stop messages.
pub mod unsubscribe;
