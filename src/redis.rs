use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use fred::{clients::Pool, prelude::*};

use crate::{error::Error, problem::Problem};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long Redis is left alone after it did not answer, so that a request that asks several times waits once.
const PAUSE: Duration = Duration::from_secs(1);

/// Redis, which may be away for a while: nobody waits for it longer than half a second.
#[derive(Clone)]
pub struct Redis {
    pool: Pool,
    /// When it last failed to answer, to any of the clones.
    failed: Arc<Mutex<Option<Instant>>>,
}

/// Redis did not answer, or answered a moment ago that it cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away;

impl Redis {
    /// Speaks through `pool`, which the caller connects.
    pub fn new(pool: Pool) -> Self {
        Self { pool, failed: Arc::default() }
    }

    /// The answer to one command.
    pub async fn ask<T>(&self, command: impl AsyncFnOnce(&Pool) -> Result<T, fred::error::Error>) -> Result<T, Away> {
        if self.failed().is_some_and(|failed| failed.elapsed() < PAUSE) {
            return Err(Away);
        }
        let cause = match tokio::time::timeout(PATIENCE, command(&self.pool)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(cause)) => cause.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::error!(cause, "Redis is out of reach");
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Err(Away)
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<(), Away> {
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

impl fmt::Display for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redis is out of reach")
    }
}

impl std::error::Error for Away {}

impl From<Away> for Error {
    fn from(_: Away) -> Self {
        Self::Problem(Problem::Unavailable { retry_after: 5 })
    }
}
