//! Development outbox: finds and removes the messages of erased people.

use sqlx::PgConnection;

use crate::{
    backend::Backend,
    error::Result,
    ids::{GuestId, NotificationId, UserId},
};

/// The messages of a host, or those to one guest; none unless email goes to the development outbox.
pub(crate) async fn messages_of(
    tx: &mut PgConnection,
    backend: &Backend,
    host: UserId,
    guest: Option<GuestId>,
) -> Result<Vec<NotificationId>> {
    if backend.transports.dev_outbox().is_none() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: NotificationId" from notifications where host_id = $1 and ($2::uuid is null or guest_id = $2)
        "#,
        host.0,
        guest.map(|guest| guest.0),
    )
    .fetch_all(tx)
    .await?)
}

/// Removes messages from the development outbox.
pub(crate) async fn remove(backend: &Backend, messages: &[NotificationId]) -> Result<()> {
    let Some(outbox) = backend.transports.dev_outbox() else { return Ok(()) };
    for message in messages {
        outbox.remove(&message.to_string()).await?;
    }
    Ok(())
}
