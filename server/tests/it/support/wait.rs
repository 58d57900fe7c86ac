//! Waiting for what happens in the background.

use std::time::Duration;

/// Longest wait; far above what a loaded machine needs.
const LONGEST: Duration = Duration::from_secs(60);

/// Waits until `condition` is true; panics if that takes a minute.
pub async fn eventually(condition: impl AsyncFnMut() -> bool) {
    eventually_within(LONGEST, condition).await;
}

/// Waits until `condition` is true; panics if that takes longer than `longest`.
pub async fn eventually_within(longest: Duration, mut condition: impl AsyncFnMut() -> bool) {
    testkit::wait::until(longest, async || Ok(condition().await)).await.unwrap();
}

/// Lets time pass where time itself is the test's input: the moment of a kill, the pace of a slow client. Never waits for
/// something to happen; that is [`eventually`].
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}
