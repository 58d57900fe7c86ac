//! Polling for a condition.

use std::time::{Duration, Instant};

use anyhow::ensure;

/// Pause between two checks.
const INTERVAL: Duration = Duration::from_millis(20);

/// Polls `done` until it is true. Returns the seconds that took. An error counts as "not yet".
///
/// # Errors
/// `done` was not true within `longest`.
pub async fn until(longest: Duration, mut done: impl AsyncFnMut() -> anyhow::Result<bool>) -> anyhow::Result<f64> {
    let begun = Instant::now();
    loop {
        if done().await.unwrap_or(false) {
            return Ok(begun.elapsed().as_secs_f64());
        }
        ensure!(begun.elapsed() < longest, "the condition was not true within {longest:?}");
        tokio::time::sleep(INTERVAL).await;
    }
}
