use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    auth::{Act, Host},
    error::Result,
    ids::UserId,
};

/// Writes down what a host did, in the transaction in which they do it. `detail` is for their own eyes and carries no
/// secret.
pub async fn record(tx: &mut PgConnection, now: DateTime<Utc>, host: &Host, act: Act, detail: &str) -> Result<()> {
    record_by(tx, now, host.id(), act, detail, host.device()).await
}

/// Writes down what somebody else, or time, did to what a host keeps.
pub async fn record_of(tx: &mut PgConnection, now: DateTime<Utc>, user: UserId, act: Act, detail: &str) -> Result<()> {
    record_by(tx, now, user, act, detail, "").await
}

/// Writes down what happened to an account at the hands of somebody who is not signed in.
pub(super) async fn record_by(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    user: UserId,
    act: Act,
    detail: &str,
    device: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into audit_log (user_id, id, kind, detail, device, at)
        values ($1, $2, $3, left($4, 200), left($5, 80), $6)",
        user.0,
        Uuid::now_v7(),
        act.key(),
        detail,
        device,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
