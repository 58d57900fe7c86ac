use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::notifications::{Channel, senders::Cause};

/// Failures in a row after which nothing goes to a provider for a while.
const MOST_FAILURES: u32 = 5;
/// How long that is, in seconds, where the provider does not say it itself.
const OPEN: i64 = 30;

/// Which ways out are closed for a while, because the provider behind them is away or asked for a pause. What waits
/// meanwhile loses no try. One for all postmen of a process.
#[derive(Clone, Debug, Default)]
pub struct Breakers(Arc<Mutex<HashMap<Channel, Breaker>>>);

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    open_until: Option<DateTime<Utc>>,
}

impl Breakers {
    /// The ways out that may be tried now. After its time a closed one is tried again, and the first failure closes it.
    pub fn passable(&self, now: DateTime<Utc>) -> Vec<Channel> {
        let breakers = self.lock();
        let passable = |channel: &Channel| {
            breakers.get(channel).and_then(|breaker| breaker.open_until).is_none_or(|until| until <= now)
        };
        Channel::ALL.into_iter().filter(passable).collect()
    }

    /// Notes how a try went.
    pub fn note(&self, channel: Channel, failed: Option<Cause>, now: DateTime<Utc>) {
        let mut breakers = self.lock();
        let breaker = breakers.entry(channel).or_default();
        match failed {
            Some(Cause::Away { retry_after: Some(pause) }) => {
                let until = now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::hours(1));
                breaker.open_until = breaker.open_until.max(Some(until));
            }
            Some(Cause::Away { .. } | Cause::Unclear) => {
                breaker.failures += 1;
                if breaker.failures >= MOST_FAILURES {
                    breaker.open_until = breaker.open_until.max(Some(now + TimeDelta::seconds(OPEN)));
                }
            }
            // An answer, of whatever kind, comes from a provider that is there.
            _ => *breaker = Breaker::default(),
        }
    }

    /// Opens all ways again.
    pub fn reset(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Channel, Breaker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const AWAY: Option<Cause> = Some(Cause::Away { retry_after: None });

    #[test]
    fn five_failures_in_a_row_close_a_way_for_half_a_minute_and_then_one_more_does() {
        let (breakers, now) = (Breakers::default(), crate::testing::start());
        for failed in [AWAY, AWAY, AWAY, AWAY, None, AWAY, AWAY, AWAY, AWAY] {
            breakers.note(Channel::Email, failed, now);
        }
        assert_eq!(breakers.passable(now), Channel::ALL);
        breakers.note(Channel::Email, AWAY, now);
        assert_eq!(breakers.passable(now + TimeDelta::seconds(29)), [Channel::Sms]);
        let later = now + TimeDelta::seconds(30);
        assert_eq!(breakers.passable(later), Channel::ALL);
        breakers.note(Channel::Email, AWAY, later);
        assert_eq!(breakers.passable(later + TimeDelta::seconds(29)), [Channel::Sms]);
        breakers.note(Channel::Email, Some(Cause::Refused), later);
        assert_eq!(breakers.passable(later), Channel::ALL, "an answer shows that it is there");
    }

    #[test]
    fn a_provider_that_names_a_pause_gets_it_at_once() {
        let (breakers, now) = (Breakers::default(), crate::testing::start());
        let pause = Some(Cause::Away { retry_after: Some(Duration::from_secs(90)) });
        breakers.note(Channel::Sms, pause, now);
        assert_eq!(breakers.passable(now + TimeDelta::seconds(89)), [Channel::Email]);
        assert_eq!(breakers.passable(now + TimeDelta::seconds(90)), Channel::ALL);
    }
}
