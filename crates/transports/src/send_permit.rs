//! Send permit: limits unrecorded sends to one, for providers that do not detect repeats.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Longest wait for a permit, so that a slow server delays others no longer than this.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// Hands out one permit at a time. If the process is killed after a provider may have accepted a message and before that is
/// stored, the message is sent twice; with permits that happens to one message at most.
#[derive(Clone, Debug)]
pub struct SendPermits(Arc<Semaphore>);

/// Held from the moment when the provider may have the message until the result is stored.
#[derive(Debug)]
#[must_use = "the next message is sent when this is dropped"]
pub struct SendPermit(#[expect(dead_code, reason = "held, not read")] Option<OwnedSemaphorePermit>);

impl Default for SendPermits {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl SendPermits {
    /// Waits for the permit; after [`MAX_WAIT`] goes on without.
    pub async fn acquire(&self) -> SendPermit {
        let permit = tokio::time::timeout(MAX_WAIT, self.0.clone().acquire_owned()).await;
        SendPermit(permit.ok().and_then(Result::ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_message_is_sent_at_a_time_unless_it_takes_too_long() {
        let (permits, begun) = (SendPermits::default(), std::time::Instant::now());
        let first = permits.acquire().await;
        let waiting = tokio::spawn({
            let permits = permits.clone();
            async move { permits.acquire().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        let second = waiting.await.unwrap();
        let _third = permits.acquire().await;
        assert!(begun.elapsed() >= MAX_WAIT, "it waited for the second as long as it may");
        drop(second);
    }
}
