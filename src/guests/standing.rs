use sqlx::PgConnection;

use crate::{
    error::Result,
    ids::{GuestId, UserId},
};

/// Locks the rows of `guests`, in one order for everybody. A verb that changes a guest's link, messages or answer does
/// this first, so that two of them wait for each other instead of deadlocking.
pub async fn hold(tx: &mut PgConnection, host: UserId, guests: &[GuestId]) -> Result<()> {
    sqlx::query!(
        "select from guests where host_id = $1 and id = any ($2) order by id for no key update",
        host.0,
        guests as &[GuestId],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Copies where `guests` stand from the view that defines it. A verb that changed a guest's link, messages or answer
/// does this last, in its transaction.
pub async fn restate(tx: &mut PgConnection, host: UserId, guests: &[GuestId]) -> Result<()> {
    sqlx::query!(
        "update guests g set status = s.status, heads = s.heads, activity_at = s.activity_at
        from guest_standings s
        where g.host_id = $1 and g.id = any ($2) and s.host_id = $1 and s.id = g.id
            and (g.status, g.heads, g.activity_at) is distinct from (s.status, s.heads, s.activity_at)",
        host.0,
        guests as &[GuestId],
    )
    .execute(tx)
    .await?;
    Ok(())
}
