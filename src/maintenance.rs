use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fred::prelude::*;

use crate::redis::{Away, Redis};

/// Where it is kept: in Redis, since it must hold while the database is replaced.
const KEY: &str = "gg:maintenance";
/// How long a node takes at most to notice a change, about.
const LOOK: Duration = Duration::from_secs(1);

/// Whether people are told to come back later. Cheap to clone; all clones know the same.
#[derive(Clone, Debug, Default)]
pub struct Maintenance {
    /// Switched on by a setting: nothing else counts.
    always: bool,
    on: Arc<AtomicBool>,
}

impl Maintenance {
    /// With `always` it is on as long as the process lives.
    pub fn new(always: bool) -> Self {
        Self { always, on: Arc::new(AtomicBool::new(always)) }
    }

    /// Whether it is on, as far as this node knows.
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Asks Redis now. While Redis is away, what was known holds.
    pub async fn look(&self, redis: &Redis) {
        if let Ok(on) = is_on(redis).await {
            self.on.store(self.always || on, Ordering::Relaxed);
        }
    }

    /// Asks Redis each second until `stop`.
    pub async fn follow(self, redis: Redis, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            self.look(&redis).await;
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Ends when it is `on`, or off.
    pub async fn until(&self, on: bool) {
        while self.is_on() != on {
            tokio::time::sleep(LOOK / 4).await;
        }
    }
}

/// Whether it is switched on for all nodes.
pub async fn is_on(redis: &Redis) -> Result<bool, Away> {
    redis.ask(async |redis| redis.exists::<i64, _>(KEY).await).await.map(|found| found > 0)
}

/// Switches it on or off for all nodes.
pub async fn switch(redis: &Redis, on: bool) -> Result<(), Away> {
    let done = redis.ask(async |redis| match on {
        true => redis.set::<(), _, _>(KEY, "on", None, None, false).await,
        false => redis.del::<(), _>(KEY).await,
    });
    done.await
}
