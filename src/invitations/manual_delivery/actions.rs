//! Records what the host did with a link, and keeps the text of their message.

use super::{DEFAULT_TEXT, DeliveryChannel, DeliveryOutcome, ManualMessageForm};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    guests::{self, status::GuestTx},
    ids::{EventId, GuestId},
    problem::{Conflict, FieldError, Fields, Problem},
};

/// Marks a guest's live link as sent or skipped, in place of an earlier mark.
pub async fn mark_sent(
    backend: &Backend,
    host: &Host,
    event: EventId,
    guest: GuestId,
    channel: DeliveryChannel,
    outcome: DeliveryOutcome,
) -> Result<()> {
    let mut tx = GuestTx::begin(&backend.db).await?;
    tx.lock(host.id(), &[guest]).await?;
    let marked = sqlx::query!(
        "insert into manual_deliveries (host_id, event_id, guest_id, invitation_id, outcome, channel, at)
        select i.host_id, i.event_id, i.guest_id, i.id, $4, $5, $6 from invitations i
        join guests g on g.host_id = i.host_id and g.id = i.guest_id and g.deleted_at is null
        where i.host_id = $1 and i.event_id = $2 and i.guest_id = $3 and i.ended_at is null
        on conflict (host_id, invitation_id) do update set outcome = $4, channel = $5, at = $6",
        host.id().0,
        event.0,
        guest.0,
        outcome as DeliveryOutcome,
        channel as DeliveryChannel,
        backend.clock.now(),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if marked == 0 {
        // Another host's guest is a 404; a guest without a link is a conflict.
        guests::queries::guest(&backend.db, host, event, guest).await?;
        return Err(Problem::Conflict(Conflict::NotInvited).into());
    }
    tx.commit().await?;
    backend.live.changed(event);
    Ok(())
}

/// Sets the text of the messages that the host sends. It must contain the link.
pub async fn set_message(backend: &Backend, host: &Host, event: EventId, form: &ManualMessageForm) -> Result<()> {
    let mut fields = Fields::default();
    let text = fields.required("text", &form.text, 1000);
    if !text.is_empty() && !text.contains("{link}") {
        fields.error("text", FieldError::NeedsLink);
    }
    let text = fields.finish(text)?;
    let text = if text == DEFAULT_TEXT { String::new() } else { text };
    crate::events::actions::set_manual_delivery_text(backend, host, event, &text).await
}
