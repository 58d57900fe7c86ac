//! Waiting for what happens in the background.

use std::time::Duration;

/// Longest wait, far more than a loaded machine needs.
const LONGEST: Duration = Duration::from_secs(60);

/// Waits until `condition` is true. Panics after a minute.
pub async fn eventually(condition: impl AsyncFnMut() -> bool) {
    eventually_within(LONGEST, condition).await;
}

/// Waits until `condition` is true. Panics after `longest`.
pub async fn eventually_within(longest: Duration, mut condition: impl AsyncFnMut() -> bool) {
    testkit::wait::until(longest, async || Ok(condition().await)).await.unwrap();
}

/// Lets time pass, where time is an input of the test: the moment of a kill, the pace of a slow client. To wait for an
/// effect use [`eventually`].
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}
