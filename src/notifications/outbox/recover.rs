//! Recovery of expired leases: finishes or requeues notifications whose worker died or lost the database.

use chrono::{DateTime, Utc};

use super::{delivery_events, record::clear_sealed_token};
use crate::{
    backend::Backend,
    error::Result,
    guests::status::GuestTx,
    ids::{AccountTokenId, GuestId, NotificationId, UserId},
};

/// Recovers all notifications whose lease expired. What the provider accepted is recorded as sent; the others may have
/// been sent or not, and are sent again with the same Message-ID.
pub async fn recover_expired_leases(backend: &Backend) -> Result<()> {
    let now = backend.clock.now();
    let sent = sqlx::query!(
        r#"
        select host_id as "host: UserId", id as "id: NotificationId", guest_id as "guest: GuestId",
            account_token_id as "token: AccountTokenId"
        from notifications
        where state = 'sent' and lease_owner is not null and lease_until < $1
        "#,
        now,
    )
    .fetch_all(&backend.db)
    .await?;
    for row in sent {
        recover_expired_lease(backend, now, row.host, row.id, row.guest, row.token).await?;
    }
    sqlx::query!(
        "update notifications set state = 'queued', state_changed_at = $1, lease_owner = null, lease_until = null
        where (host_id, id) in (select host_id, id from notifications
            where state = 'sending' and lease_owner is not null and lease_until < $1 for update skip locked)",
        now,
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}

/// Does what [`super::record::record`] would have done after the provider accepted a notification.
async fn recover_expired_lease(
    backend: &Backend,
    now: DateTime<Utc>,
    host: UserId,
    id: NotificationId,
    guest: Option<GuestId>,
    token: Option<AccountTokenId>,
) -> Result<()> {
    let mut tx = GuestTx::begin(&backend.db).await?;
    tx.lock(host, guest.as_slice()).await?;
    let recovered = sqlx::query!(
        "update notifications set lease_owner = null, lease_until = null
        where host_id = $1 and id = $2 and state = 'sent' and lease_until < $3",
        host.0,
        id.0,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if recovered == 1 {
        delivery_events::record(&mut tx, host, id, now, "sent", "").await?;
        if let Some(token) = token {
            clear_sealed_token(&mut tx, host, token).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
