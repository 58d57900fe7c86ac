//! Takes messages from the outbox, sends them, and notes what became of them. Any number of postmen work on one outbox.

mod breaker;
mod claim;
mod deliver;
mod hand_over;
mod record;
mod switch;
mod unwelcome;

pub use breaker::Breakers;
pub use claim::Claimed;
pub(crate) use hand_over::stand_still;
pub(super) use record::step;
pub use switch::{cancel_waiting, pause, paused, resume};
pub(super) use unwelcome::{POLICY, REST, leave_alone};

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{backend::Backend, error::Result};

/// Messages that one postman sends at the same time.
const AT_ONCE: usize = 16;
/// Longest time between two looks into the outbox: a message whose time comes tells nobody.
const POLL: Duration = Duration::from_secs(2);
/// How long messages on their way are waited for at a shutdown. They take [`super::senders::PATIENCE`] at most.
const FAREWELL: Duration = Duration::from_secs(16);
/// What PostgreSQL is told when there is a new message.
pub(super) const CALL: &str = "outbox";

/// Sends messages until `stop` ends; those on their way then are waited for.
pub async fn run(backend: Backend, stop: impl Future<Output = ()> + Send) {
    let owner = Uuid::now_v7();
    let mut sending = JoinSet::new();
    let mut calls = None;
    let mut look = tokio::time::interval(POLL);
    tokio::pin!(stop);
    loop {
        if calls.is_none() {
            calls = listen(&backend).await;
        }
        let taken = match round(&backend, owner, &mut sending).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(?error, "the outbox could not be looked into");
                0
            }
        };
        // As long as there is more than can be sent at once, the next one follows when one is through.
        let full = taken > 0 && sending.len() >= AT_ONCE;
        tokio::select! {
            () = &mut stop => break,
            Some(_) = sending.join_next(), if !sending.is_empty() => {}
            heard = hear(&mut calls), if !full => if !heard { calls = None },
            _ = look.tick() => if let Err(error) = claim::take_up_abandoned(&backend).await {
                tracing::warn!(?error, "abandoned messages could not be taken up");
            },
        }
    }
    let farewell = tokio::time::timeout(FAREWELL, async { while sending.join_next().await.is_some() {} });
    if farewell.await.is_err() {
        tracing::warn!("messages were still on their way; they are taken up again when their lease is over");
    }
}

/// Takes as many messages as there is room for and sets them on their way; returns how many.
async fn round(backend: &Backend, owner: Uuid, sending: &mut JoinSet<()>) -> Result<usize> {
    while sending.try_join_next().is_some() {}
    let room = AT_ONCE.saturating_sub(sending.len());
    if room == 0 || paused(&backend.db).await?.is_some() {
        return Ok(0);
    }
    let claimed = claim::claim(backend, owner, room).await?;
    let taken = claimed.len();
    for one in claimed {
        let backend = backend.clone();
        sending.spawn(async move { deliver::deliver(&backend, one).await });
    }
    Ok(taken)
}

/// Sends everything that is due now, one round after the other, and returns how much it was.
pub async fn work_off(backend: &Backend) -> Result<usize> {
    let (owner, mut sending, mut sent) = (Uuid::now_v7(), JoinSet::new(), 0);
    claim::take_up_abandoned(backend).await?;
    loop {
        let taken = round(backend, owner, &mut sending).await?;
        sent += taken;
        if taken == 0 && sending.is_empty() {
            return Ok(sent);
        }
        sending.join_next().await;
    }
}

async fn listen(backend: &Backend) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(&backend.db).await.ok()?;
    listener.listen(CALL).await.ok()?;
    Some(listener)
}

/// Waits for a call; `false` when the connection is gone and has to be made anew.
async fn hear(calls: &mut Option<PgListener>) -> bool {
    match calls {
        Some(listener) => matches!(listener.try_recv().await, Ok(Some(_))),
        None => std::future::pending().await,
    }
}
