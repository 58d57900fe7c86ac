//! Redis client: commands under a timeout, with a pause after a failure.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use fred::{clients::Pool, prelude::*};

use crate::{error::Error, problem::Problem};

/// Timeout of a command.
const TIMEOUT: Duration = Duration::from_millis(500);
/// Pause after a failure, so that a request with several commands waits for the timeout once.
const PAUSE: Duration = Duration::from_secs(1);

/// Redis, which may be unavailable: no command waits longer than half a second.
#[derive(Clone)]
pub struct Redis {
    pool: Pool,
    /// When it last failed to answer, to any of the clones.
    failed: Arc<Mutex<Option<Instant>>>,
}

/// Redis did not respond, or failed a moment ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

impl Redis {
    /// Uses `pool`, which the caller connects.
    pub fn new(pool: Pool) -> Self {
        Self { pool, failed: Arc::default() }
    }

    /// Runs one command.
    pub async fn ask<T>(
        &self,
        command: impl AsyncFnOnce(&Pool) -> Result<T, fred::error::Error>,
    ) -> Result<T, Unavailable> {
        if self.failed().is_some_and(|failed| failed.elapsed() < PAUSE) {
            return Err(Unavailable);
        }
        let cause = match tokio::time::timeout(TIMEOUT, command(&self.pool)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(cause)) => cause.to_string(),
            Err(_) => "no response in time".to_owned(),
        };
        tracing::error!(cause, "Redis is unavailable");
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Err(Unavailable)
    }

    /// Whether it responds.
    pub async fn ping(&self) -> Result<(), Unavailable> {
        self.ask(async |redis| redis.ping::<()>(None).await).await
    }

    fn failed(&self) -> Option<Instant> {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("failed", &self.failed()).finish_non_exhaustive()
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redis is unavailable")
    }
}

impl std::error::Error for Unavailable {}

impl From<Unavailable> for Error {
    fn from(_: Unavailable) -> Self {
        Self::Problem(Problem::Unavailable { retry_after: 5 })
    }
}
