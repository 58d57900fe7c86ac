use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;

/// Notes that guests were erased for good, in the transaction that does it: a restore erases them again.
pub async fn note_guests(tx: &mut PgConnection, now: DateTime<Utc>, guests: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "insert into erasures (id, kind, at) select id, 'guest', $2 from unnest($1::uuid[]) as gone (id)
        on conflict (id) do nothing",
        guests,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

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
