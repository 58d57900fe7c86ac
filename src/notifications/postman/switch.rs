use sqlx::PgPool;

use super::CALL;
use crate::{backend::Backend, error::Result};

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
