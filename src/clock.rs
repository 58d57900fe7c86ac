//! Clock: where the time comes from, so that tests can set it.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

/// Where the time comes from, so that tests can move it.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands until it is set.
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(now)))
    }

    /// The time now, in whole microseconds as PostgreSQL keeps it, so that a stored time compares equal.
    pub fn now(&self) -> DateTime<Utc> {
        let now = match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
            Self::System => Utc::now(),
            Self::Fixed(time) => *time.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Moves a fixed clock to `now`; the machine's clock is not moved.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Self::Fixed(time) = self {
            *time.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = now;
        }
    }
}
