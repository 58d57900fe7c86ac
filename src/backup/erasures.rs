use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Erases again whoever was erased before: rows that a restore brought back. How many there were.
pub(super) async fn erase_again(tx: &mut PgConnection) -> anyhow::Result<u64> {
    let guests = sqlx::query!("delete from guests g using erasures e where e.kind = 'guest' and e.id = g.id")
        .execute(&mut *tx)
        .await?;
    let users = sqlx::query!("delete from users u using erasures e where e.kind = 'user' and e.id = u.id")
        .execute(&mut *tx)
        .await?;
    Ok(guests.rows_affected() + users.rows_affected())
}

/// Whether somebody was erased after `since`.
pub(super) async fn since(db: &mut PgConnection, since: DateTime<Utc>) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from erasures where at > $1)").bind(since).fetch_one(db).await
}
