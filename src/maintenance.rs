//! Maintenance mode: closes the service on all nodes; pages and forms return 503.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fred::prelude::*;

use crate::redis::{Redis, Unavailable};

/// In Redis, because it must hold while the database is replaced.
const KEY: &str = "gg:maintenance";
/// How often a node asks Redis.
const INTERVAL: Duration = Duration::from_secs(1);

/// Whether the service is closed. Clones share the state.
#[derive(Clone, Debug, Default)]
pub struct Maintenance {
    /// Closed by a setting; Redis is ignored.
    always: bool,
    on: Arc<AtomicBool>,
}

impl Maintenance {
    /// With `always` it is on for the life of the process.
    pub fn new(always: bool) -> Self {
        Self { always, on: Arc::new(AtomicBool::new(always)) }
    }

    /// Whether it is on, as far as this node knows.
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Asks Redis now. If Redis is unavailable, nothing changes.
    pub async fn refresh(&self, redis: &Redis) {
        if let Ok(on) = is_on(redis).await {
            self.on.store(self.always || on, Ordering::Relaxed);
        }
    }

    /// Asks Redis every second until `stop`.
    pub async fn watch(self, redis: Redis, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            self.refresh(&redis).await;
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
    }

    /// Waits until it is `on`, or off.
    pub async fn wait_for(&self, on: bool) {
        while self.is_on() != on {
            tokio::time::sleep(INTERVAL / 4).await;
        }
    }
}

/// Whether it is on for all nodes.
pub async fn is_on(redis: &Redis) -> Result<bool, Unavailable> {
    redis.ask(async |redis| redis.exists::<i64, _>(KEY).await).await.map(|count| count > 0)
}

/// Switches it on or off for all nodes.
pub async fn switch(redis: &Redis, on: bool) -> Result<(), Unavailable> {
    let request = redis.ask(async |redis| match on {
        true => redis.set::<(), _, _>(KEY, "on", None, None, false).await,
        false => redis.del::<(), _>(KEY).await,
    });
    request.await
}
