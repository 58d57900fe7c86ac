//! Telling guests that an event changed or was called off, when the host wants them to be told.

use super::{
    Channel, Kind, actions,
    suppressions::{self, Reason},
};
use crate::{
    audit::{self, AuditEvent},
    auth::Host,
    backend::Backend,
    error::Result,
    events::{self, Event},
    guests,
    ids::{EventId, GuestId},
    problem::{Conflict, Problem},
};

/// Who would be told.
#[derive(Clone, Debug)]
pub struct Telling {
    pub event: Event,
    /// Get a mail with the event as it is now, and a file that moves the entry in their calendar.
    pub by_mail: i64,
    /// Have no e-mail address.
    pub by_hand: i64,
    /// Must not be written to.
    pub suppressed: i64,
}

/// Who would be told: everybody with a link who has not declined.
pub async fn telling(backend: &Backend, host: &Host, event: EventId) -> Result<Telling> {
    let found = events::queries::event(&backend.db, host, event).await?;
    let mut db = backend.db.acquire().await?;
    let stopped =
        suppressions::stopped_by_hash(&mut db, &backend.secrets, host.id(), event, &[Channel::Email], &Reason::ALL)
            .await?;
    let counted = sqlx::query!(
        r#"
        select count(*) filter (where g.email is not null and not s.stopped) as "by_mail!",
            count(*) filter (where g.email is null) as "by_hand!", count(*) filter (where s.stopped) as "suppressed!"
        from guests g
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        cross join lateral (select g.id = any ($3) or exists (select from suppressions x
            where x.address = lower(g.email) and (x.host_id is null or x.host_id = $1)) as stopped) s
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.status <> 'declined'
        "#,
        host.id().0,
        event.0,
        &stopped as &[GuestId],
    )
    .fetch_one(&mut *db)
    .await?;
    let (by_mail, by_hand, suppressed) = (counted.by_mail, counted.by_hand, counted.suppressed);
    Ok(Telling { event: found, by_mail, by_hand, suppressed })
}

/// Tells everybody with a link who has not declined how the event is now. Returns how many messages leave.
pub async fn tell(backend: &Backend, host: &Host, event: EventId) -> Result<usize> {
    let found = events::queries::event(&backend.db, host, event).await?;
    if !host.is_verified() {
        return Err(Problem::Conflict(Conflict::Unverified).into());
    }
    let kind = if found.cancelled_at.is_some() { Kind::EventCancelled } else { Kind::EventChanged };
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let guests = sqlx::query!(
        r#"
        select g.id as "id: GuestId", g.email as "email!" from guests g
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.status <> 'declined'
            and g.email is not null and exists (select from invitations i
                where i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null)
        order by g.id
        for no key update
        "#,
        host.id().0,
        event.0,
    )
    .fetch_all(&mut *tx)
    .await?;
    let recipients: Vec<_> = guests.into_iter().map(|guest| (guest.id, guest.email)).collect();
    let leave = actions::enqueue(&mut tx, backend, host.id(), event, kind, Channel::Email, &recipients).await?;
    let ids: Vec<_> = recipients.iter().map(|(id, _)| *id).collect();
    guests::standing::restate(&mut tx, host.id(), &ids).await?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::GuestsNotified, &leave.to_string()).await?;
    tx.commit().await?;
    Ok(leave)
}
