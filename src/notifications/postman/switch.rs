use sqlx::PgPool;

use super::CALL;
use crate::{
    backend::Backend,
    error::Result,
    guests,
    ids::{GuestId, UserId},
};

/// Why no messages leave; `None`: they do.
pub async fn paused(db: &PgPool) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select reason from outbox_switch where paused").fetch_optional(db).await?)
}

/// Keeps all messages in the outbox until [`resume`]. Those on their way arrive.
pub async fn pause(backend: &Backend, reason: &str) -> Result<()> {
    let reason: String = reason.chars().take(200).collect();
    sqlx::query!("update outbox_switch set paused = true, reason = $1, changed_at = $2", reason, backend.clock.now(),)
        .execute(&backend.db)
        .await?;
    Ok(())
}

/// Cancels every message that waits, as after a restore, when most of them left before. Hosts see it, and can send anew.
/// How many there were.
pub async fn cancel_waiting(backend: &Backend) -> Result<u64> {
    let mut cancelled = 0;
    loop {
        let mut tx = backend.db.begin().await?;
        let next = sqlx::query!(
            r#"
            select n.host_id as "host: UserId", n.guest_id as "guest: GuestId" from notifications n
            where n.state = 'queued' order by n.host_id, n.guest_id limit 1
            "#,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(next) = next else { return Ok(cancelled) };
        let guest = next.guest.as_slice();
        guests::standing::hold(&mut tx, next.host, guest).await?;
        cancelled += sqlx::query!(
            "update notifications set state = 'cancelled', state_changed_at = $3, last_error = 'the operator cancelled it'
            where host_id = $1 and guest_id is not distinct from $2 and state = 'queued'",
            next.host.0,
            next.guest.map(|guest| guest.0),
            backend.clock.now(),
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        guests::standing::restate(&mut tx, next.host, guest).await?;
        tx.commit().await?;
    }
}

/// Lets messages leave again.
pub async fn resume(backend: &Backend) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    sqlx::query!("update outbox_switch set paused = false, reason = '', changed_at = $1", backend.clock.now())
        .execute(&mut *tx)
        .await?;
    sqlx::query!("select pg_notify($1, '')", CALL).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}
