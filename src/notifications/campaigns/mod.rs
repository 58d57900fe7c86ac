//! Campaigns: what is enqueued for many guests at once, by schedule or at a host's request.

#[cfg(feature = "ssr")]
pub mod event_updates;
pub mod reminders;
pub mod sms_fallback;
#[cfg(feature = "ssr")]
pub mod warm_up;

/// Hours of the day at which scheduled messages are sent, in the event's time zone: nobody is disturbed at night.
pub const SENDING_HOURS: std::ops::RangeInclusive<u32> = 8..=20;
