//! Messages: what was sent, what became of it, and how people stop it. Pages and forms only.

/// What forms call.
pub mod api;
/// The development outbox, readable in the browser.
pub mod inbox;
/// What became of an event's messages.
pub mod messages;
/// Messages and what became of them, in plain English.
pub mod outcome;
/// Who is reminded, and when.
pub mod reminders;
/// Whether guests are told that an event changed.
pub mod tell;
/// When a text message follows a mail.
pub mod texts;
/// Where people stop messages.
pub mod unsubscribe;
/// The words of an event's messages.
pub mod words;
