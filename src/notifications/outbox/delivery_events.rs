//! Delivery events: the history of a notification, as its host sees it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::Result,
    ids::{NotificationId, UserId},
};

/// Adds an event to a notification's history. `detail` is the provider's or the server's own text, at most 500 characters
/// of which are kept.
pub async fn record(
    tx: &mut PgConnection,
    host: UserId,
    id: NotificationId,
    at: DateTime<Utc>,
    status: &str,
    detail: &str,
) -> Result<()> {
    let detail: String = detail.chars().take(500).collect();
    sqlx::query!(
        "insert into delivery_events (host_id, notification_id, id, at, status, detail) values ($1, $2, $3, $4, $5, $6)",
        host.0,
        id.0,
        Uuid::now_v7(),
        at,
        status,
        detail,
    )
    .execute(tx)
    .await?;
    Ok(())
}
