//! Circuit breaker: stops sending to a provider that is down or asked for a pause.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::SendErrorKind;

/// Consecutive failures that open the circuit.
const MAX_FAILURES: u32 = 5;
/// How long it stays open, unless the provider says how long.
const OPEN: TimeDelta = TimeDelta::seconds(30);

/// One breaker. Clones share its state, so that all workers of a process act on the same results.
#[derive(Clone, Debug, Default)]
pub struct CircuitBreaker(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<DateTime<Utc>>,
}

impl CircuitBreaker {
    /// Whether nothing may be sent. After its time an open circuit lets messages through, and the first failure opens it
    /// again.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.lock().open_until.is_some_and(|until| until > now)
    }

    /// Records the failure of a message, or `None` after a success.
    pub fn record(&self, failure: Option<SendErrorKind>, now: DateTime<Utc>) {
        let mut state = self.lock();
        match failure {
            Some(SendErrorKind::Unavailable { retry_after: Some(pause) }) => {
                let until = now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::hours(1));
                state.open_until = state.open_until.max(Some(until));
            }
            Some(SendErrorKind::Unavailable { .. } | SendErrorKind::Ambiguous) => {
                state.failures += 1;
                if state.failures >= MAX_FAILURES {
                    state.open_until = state.open_until.max(Some(now + OPEN));
                }
            }
            // Any other response shows that the provider is up.
            _ => *state = State::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const UNAVAILABLE: Option<SendErrorKind> = Some(SendErrorKind::Unavailable { retry_after: None });

    #[test]
    fn five_failures_in_a_row_open_the_circuit_for_half_a_minute_and_then_one_more_does() {
        let breaker = CircuitBreaker::default();
        for failure in [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, None] {
            breaker.record(failure, START);
        }
        for _ in 0..4 {
            breaker.record(UNAVAILABLE, START);
        }
        assert!(!breaker.is_open(START));
        breaker.record(UNAVAILABLE, START);
        assert!(breaker.is_open(START + TimeDelta::seconds(29)));
        let later = START + TimeDelta::seconds(30);
        assert!(!breaker.is_open(later));
        breaker.record(UNAVAILABLE, later);
        assert!(breaker.is_open(later + TimeDelta::seconds(29)));
        breaker.record(Some(SendErrorKind::Rejected), later);
        assert!(!breaker.is_open(later), "any response shows that the provider is up");
    }

    #[test]
    fn a_provider_that_names_a_pause_gets_it_at_once() {
        let breaker = CircuitBreaker::default();
        breaker.record(Some(SendErrorKind::Unavailable { retry_after: Some(Duration::from_secs(90)) }), START);
        assert!(breaker.is_open(START + TimeDelta::seconds(89)));
        assert!(!breaker.is_open(START + TimeDelta::seconds(90)));
    }

    #[test]
    fn a_clone_shares_the_state() {
        let breaker = CircuitBreaker::default();
        breaker.clone().record(Some(SendErrorKind::Unavailable { retry_after: Some(Duration::from_secs(1)) }), START);
        assert!(breaker.is_open(START));
    }
}
