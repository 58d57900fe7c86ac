//! Outbox pause: the operator holds back all sends.

use sqlx::PgPool;

use super::NOTIFY_CHANNEL;
use crate::{
    backend::Backend,
    error::Result,
    guests::status::GuestTx,
    ids::{GuestId, UserId},
};

/// Guests whose notifications are cancelled in one transaction.
const BATCH: i64 = 500;
/// The reason that hosts see beside a notification that the operator cancelled.
const BY_OPERATOR: &str = "the operator cancelled it";

/// Why sending is paused; `None`: it is not.
pub async fn paused(db: &PgPool) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select reason from outbox_pause where paused").fetch_optional(db).await?)
}

/// Pauses all sends until [`resume`]; those in flight finish.
pub async fn pause(backend: &Backend, reason: &str) -> Result<()> {
    let reason: String = reason.chars().take(200).collect();
    sqlx::query!("update outbox_pause set paused = true, reason = $1, changed_at = $2", reason, backend.clock.now(),)
        .execute(&backend.db)
        .await?;
    Ok(())
}

/// Cancels every notification that waits, as after a restore, when most of them were sent before. Hosts see it and can
/// send again. Returns how many there were.
pub async fn cancel_waiting(backend: &Backend) -> Result<u64> {
    let now = backend.clock.now();
    let mut cancelled = 0;
    loop {
        let mut tx = GuestTx::begin(&backend.db).await?;
        let guests = sqlx::query!(
            r#"
            select n.host_id as "host: UserId", n.guest_id as "guest!: GuestId" from notifications n
            where n.state = 'queued' and n.guest_id is not null and n.host_id =
                (select host_id from notifications where state = 'queued' and guest_id is not null limit 1)
            group by n.host_id, n.guest_id limit $1
            "#,
            BATCH,
        )
        .fetch_all(&mut *tx)
        .await?;
        let Some(host) = guests.first().map(|row| row.host) else { break };
        let guests: Vec<_> = guests.into_iter().map(|row| row.guest).collect();
        tx.lock(host, &guests).await?;
        cancelled += sqlx::query!(
            "update notifications set state = 'cancelled', state_changed_at = $3, last_error = $4
            where host_id = $1 and guest_id = any ($2) and state = 'queued'",
            host.0,
            &guests as &[GuestId],
            now,
            BY_OPERATOR,
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
    }
    let accounts = sqlx::query!(
        "update notifications set state = 'cancelled', state_changed_at = $1, last_error = $2
        where state = 'queued' and guest_id is null",
        now,
        BY_OPERATOR,
    )
    .execute(&backend.db)
    .await?;
    Ok(cancelled + accounts.rows_affected())
}

/// Resumes sending.
pub async fn resume(backend: &Backend) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    sqlx::query!("update outbox_pause set paused = false, reason = '', changed_at = $1", backend.clock.now())
        .execute(&mut *tx)
        .await?;
    sqlx::query!("select pg_notify($1, '')", NOTIFY_CHANNEL).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}
