use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Longest wait for a turn: a server that takes its time keeps others waiting no longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Lets one message at a time to a provider that does not tell repeats apart. From the moment that it may have the message
/// until that is noted, a killed process leaves a message that is sent twice; so there is at most one.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

/// A message's time beyond the gate; dropped, it makes room for the next.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Turn(#[expect(dead_code, reason = "held, not read")] Option<OwnedSemaphorePermit>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Gate {
    /// Waits for a turn.
    pub async fn turn(&self) -> Turn {
        let permit = tokio::time::timeout(LONGEST_WAIT, self.0.clone().acquire_owned()).await;
        Turn(permit.ok().and_then(Result::ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_is_through_at_a_time_unless_it_takes_too_long() {
        let (gate, begun) = (Gate::default(), std::time::Instant::now());
        let first = gate.turn().await;
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.turn().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        let second = waiting.await.unwrap();
        let _third = gate.turn().await;
        assert!(begun.elapsed() >= LONGEST_WAIT, "it waited for the second as long as it may");
        drop(second);
    }
}
