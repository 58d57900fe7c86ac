//! Clock: where the time comes from, so that tests can set it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Source of the current time, which tests can set.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that is set by hand. Clones share its time.
    Manual {
        time: Arc<Mutex<DateTime<Utc>>>,
        /// How far each reading moves it.
        step: TimeDelta,
    },
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self::Manual { time: Arc::new(Mutex::new(now)), step: TimeDelta::zero() }
    }

    /// A clock that begins at `now` and moves by a microsecond, the least that PostgreSQL stores, at each reading: a verb that
    /// reads it twice sees two times, as it does in production.
    pub fn advancing(now: DateTime<Utc>) -> Self {
        Self::Manual { time: Arc::new(Mutex::new(now)), step: TimeDelta::microseconds(1) }
    }

    /// The same clock, standing still; the machine's clock goes on.
    pub fn stopped(&self) -> Self {
        match self {
            Self::System => Self::System,
            Self::Manual { time, .. } => Self::Manual { time: time.clone(), step: TimeDelta::zero() },
        }
    }

    /// The time now, in whole microseconds as PostgreSQL keeps it, so that a stored time compares equal.
    pub fn now(&self) -> DateTime<Utc> {
        let now = match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
            Self::System => Utc::now(),
            Self::Manual { time, step } => {
                let mut time = time.lock().unwrap_or_else(PoisonError::into_inner);
                let now = *time;
                *time += *step;
                now
            }
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Sets a manual clock to `now`; the machine's clock is not moved.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Self::Manual { time, .. } = self {
            *time.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }
}
