use super::{Channel, FIRST_TEXT, Outcome, TextForm};
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    guests,
    ids::{EventId, GuestId},
    problem::{Conflict, Problem},
    problem::{FieldError, Fields},
};

/// Notes what the host did about a guest's live link, in place of what was noted before.
pub async fn mark(
    backend: &Backend,
    host: &Host,
    event: EventId,
    guest: GuestId,
    channel: Channel,
    outcome: Outcome,
) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    guests::standing::hold(&mut tx, host.id(), &[guest]).await?;
    let marked = sqlx::query!(
        "insert into manual_deliveries (host_id, event_id, guest_id, invitation_id, outcome, channel, at)
        select i.host_id, i.event_id, i.guest_id, i.id, $4, $5, $6 from invitations i
        join guests g on g.host_id = i.host_id and g.id = i.guest_id and g.deleted_at is null
        where i.host_id = $1 and i.event_id = $2 and i.guest_id = $3 and i.ended_at is null
        on conflict (host_id, invitation_id) do update set outcome = $4, channel = $5, at = $6",
        host.id().0,
        event.0,
        guest.0,
        outcome.key(),
        channel.key(),
        backend.clock.now(),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if marked == 0 {
        // Not this host's guest, or one without a link: only the first must look like nothing.
        guests::queries::guest(&backend.db, host, event, guest).await?;
        return Err(Problem::Conflict(Conflict::NotInvited).into());
    }
    guests::standing::restate(&mut tx, host.id(), &[guest]).await?;
    tx.commit().await?;
    backend.live.changed(event);
    Ok(())
}

/// Chooses the words of the messages that a host sends themselves. They must carry the link.
pub async fn set_text(backend: &Backend, host: &Host, event: EventId, form: &TextForm) -> Result<()> {
    let mut fields = Fields::default();
    let text = fields.required("text", &form.text, 1000);
    if !text.is_empty() && !text.contains("{link}") {
        fields.fault("text", FieldError::NeedsLink);
    }
    let text = fields.finish(text)?;
    let text = if text == FIRST_TEXT { String::new() } else { text };
    crate::events::actions::set_by_hand_text(backend, host, event, &text).await
}
