use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::AT_ONCE;

/// Lets so many messages out at a time that less than one has been taken by the provider and not yet been noted: those
/// are sent twice when the process is killed. A mail server tells no repeats apart.
///
/// Of n messages at once, each `s` seconds on its way and `w` seconds until it is noted, n·w/(s+w) stand in that gap on
/// average. A quarter is aimed at, because the way back from the server belongs to the gap and is not seen: n = s/4w, at
/// least one. A server at the other end of the world gets all of them at once, one beside us one after the other.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    left: Notify,
}

#[derive(Debug, Default)]
struct State {
    out: usize,
    /// Moving averages, in seconds.
    sending: f64,
    noting: f64,
}

impl State {
    fn most(&self) -> usize {
        match self.noting > 0.0 {
            true => (self.sending / self.noting / 4.0).clamp(1.0, AT_ONCE as f64) as usize,
            false => 1,
        }
    }
}

/// One message's time beyond the gate; dropped, it makes room for the next.
#[derive(Debug)]
pub struct Turn {
    gate: Gate,
    begun: Instant,
    taken: Option<Instant>,
}

impl Gate {
    /// Waits for a turn.
    pub async fn turn(&self) -> Turn {
        loop {
            let left = self.0.left.notified();
            if let Some(turn) = self.try_turn() {
                return turn;
            }
            left.await;
        }
    }

    fn try_turn(&self) -> Option<Turn> {
        let mut state = self.lock();
        if state.out >= state.most() {
            return None;
        }
        state.out += 1;
        Some(Turn { gate: self.clone(), begun: Instant::now(), taken: None })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// The provider has it.
    pub fn taken(&mut self) {
        self.taken = Some(Instant::now());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        state.out -= 1;
        if let Some(taken) = self.taken {
            // The first one opens a connection: it counts little, so that the gate opens slowly.
            state.sending = averaged(state.sending, taken - self.begun);
            let noting = if state.noting > 0.0 { state.noting } else { taken.elapsed().as_secs_f64() };
            state.noting = averaged(noting, taken.elapsed());
        }
        drop(state);
        self.gate.0.left.notify_waiters();
    }
}

fn averaged(average: f64, now: Duration) -> f64 {
    average * 0.95 + now.as_secs_f64() * 0.05
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_server_gets_many_messages_at_once_and_a_fast_one_gets_one() {
        for (sending, noting, most) in [(0.0, 0.0, 1), (0.001, 0.002, 1), (0.2, 0.002, AT_ONCE), (0.048, 0.002, 6)] {
            let gate = Gate::default();
            *gate.lock() = State { out: 0, sending, noting };
            let turns: Vec<_> = std::iter::from_fn(|| gate.try_turn()).collect();
            assert_eq!(turns.len(), most, "{sending} {noting}");
        }
    }

    #[tokio::test]
    async fn whoever_leaves_makes_room() {
        let gate = Gate::default();
        let first = gate.turn().await;
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.turn().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap();
    }
}
