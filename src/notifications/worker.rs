//! Outbox worker: claims due notifications and sends them. Any number of workers share one outbox.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::outbox::{NOTIFY_CHANNEL, claim, paused, recover};
use crate::{backend::Backend, error::Result};

mod deliver;

/// Notifications that one worker sends at the same time.
const CONCURRENCY: usize = 16;
/// Scheduled notifications become due without a NOTIFY.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// How long a shutdown waits for sends in flight, which take [`DEADLINE`](super::outbox::begin_send::DEADLINE) and
/// recording the result at most.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(16);

/// Sends notifications until `stop` ends, then waits for those in flight.
pub async fn run(backend: Backend, stop: impl Future<Output = ()> + Send) {
    let owner = Uuid::now_v7();
    let mut in_flight = JoinSet::new();
    let mut listener = None;
    let mut poll = tokio::time::interval(POLL_INTERVAL);
    tokio::pin!(stop);
    loop {
        if listener.is_none() {
            listener = listen(&backend).await;
        }
        let claimed = match poll_once(&backend, owner, &mut in_flight).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(?error, "the outbox could not be polled");
                0
            }
        };
        // While more is due than can be sent at once, a finished send is followed by the next claim without a NOTIFY.
        let full = claimed > 0 && in_flight.len() >= CONCURRENCY;
        tokio::select! {
            () = &mut stop => break,
            Some(_) = in_flight.join_next(), if !in_flight.is_empty() => {}
            connected = wait(&mut listener), if !full => if !connected { listener = None },
            _ = poll.tick() => if let Err(error) = recover::recover_expired_leases(&backend).await {
                tracing::warn!(?error, "expired leases could not be recovered");
            },
        }
    }
    let finish = tokio::time::timeout(SHUTDOWN_GRACE, async { while in_flight.join_next().await.is_some() {} });
    if finish.await.is_err() {
        tracing::warn!("sends were still in flight; they are recovered when their leases expire");
    }
}

/// Claims as many notifications as may be sent now and starts sending them; returns how many.
async fn poll_once(backend: &Backend, owner: Uuid, in_flight: &mut JoinSet<()>) -> Result<usize> {
    while in_flight.try_join_next().is_some() {}
    let free = CONCURRENCY.saturating_sub(in_flight.len());
    if free == 0 || paused(&backend.db).await?.is_some() {
        return Ok(0);
    }
    let claimed = claim::claim(backend, owner, free).await?;
    let count = claimed.len();
    for claimed in claimed {
        let backend = backend.clone();
        in_flight.spawn(async move { deliver::deliver(&backend, claimed).await });
    }
    Ok(count)
}

/// Sends everything that is due now; returns how many notifications that were.
pub async fn drain(backend: &Backend) -> Result<usize> {
    let (owner, mut in_flight, mut sent) = (Uuid::now_v7(), JoinSet::new(), 0);
    recover::recover_expired_leases(backend).await?;
    loop {
        let claimed = poll_once(backend, owner, &mut in_flight).await?;
        sent += claimed;
        if claimed == 0 && in_flight.is_empty() {
            return Ok(sent);
        }
        in_flight.join_next().await;
    }
}

async fn listen(backend: &Backend) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(&backend.db).await.ok()?;
    listener.listen(NOTIFY_CHANNEL).await.ok()?;
    Some(listener)
}

/// Waits for a NOTIFY; `false` when the connection is lost.
async fn wait(listener: &mut Option<PgListener>) -> bool {
    match listener {
        Some(listener) => matches!(listener.try_recv().await, Ok(Some(_))),
        None => std::future::pending().await,
    }
}
