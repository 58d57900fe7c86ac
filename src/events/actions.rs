//! Creates, edits, cancels and deletes events.

use chrono::TimeDelta;

use super::{EventForm, Theme};
use crate::{
    actors::Host,
    audit::{self, AuditEvent},
    backend::Backend,
    billing::limits,
    data_exports,
    error::Result,
    ids::EventId,
    problem::{Conflict, Problem},
};

pub async fn create(backend: &Backend, host: &Host, form: &EventForm) -> Result<EventId> {
    let new = form.parse()?;
    let (id, now) = (EventId::new(), backend.clock.now());
    let mut tx = backend.db.begin().await?;
    if new.ends_at.unwrap_or(new.starts_at) > now {
        limits::room_for_event(&mut tx, backend, host, None).await?;
    }
    sqlx::query!(
        "insert into events (host_id, id, title, description, starts_at, ends_at, time_zone, venue, address, capacity,
            rsvp_deadline, party_size, theme, retention_months, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $15, $14, $14)",
        host.id().0,
        id.0,
        new.title,
        new.description,
        new.starts_at,
        new.ends_at,
        new.time_zone,
        new.venue,
        new.address,
        new.capacity,
        new.rsvp_deadline,
        new.party_size,
        new.theme as Theme,
        now,
        new.retention_months,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Locks an event, so that verbs that read its whole guest list run one after another. Refused once its guests are
/// anonymised.
pub(crate) async fn lock_event(tx: &mut sqlx::PgConnection, host: &Host, id: EventId) -> Result<()> {
    let anonymised = sqlx::query_scalar!(
        r#"
        select anonymised_at is not null as "anonymised!" from events where host_id = $1 and id = $2 for no key update
        "#,
        host.id().0,
        id.0,
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Problem::NotFound)?;
    if anonymised { Err(Problem::Conflict(Conflict::Anonymised).into()) } else { Ok(()) }
}

/// Sets the text of the messages that the host sends; empty for the default.
pub(crate) async fn set_manual_delivery_text(backend: &Backend, host: &Host, id: EventId, text: &str) -> Result<()> {
    let changed = sqlx::query!(
        "update events set manual_delivery_text = $3 where host_id = $1 and id = $2",
        host.id().0,
        id.0,
        text,
    )
    .execute(&backend.db)
    .await?
    .rows_affected();
    if changed == 0 { Err(Problem::NotFound.into()) } else { Ok(()) }
}

/// Changes an event. The sequence grows when the change matters to guests' calendars; returns whether it did.
pub async fn edit(backend: &Backend, host: &Host, id: EventId, form: &EventForm) -> Result<bool> {
    let (new, now) = (form.parse()?, backend.clock.now());
    let mut tx = backend.db.begin().await?;
    let over = sqlx::query_scalar!(
        r#"
        select cancelled_at is null and coalesce(ends_at, starts_at) <= $3 as "over!" from events
        where host_id = $1 and id = $2
        "#,
        host.id().0,
        id.0,
        now,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Problem::NotFound)?;
    // A past event with a new date needs room in the plan like a new one.
    if over && new.ends_at.unwrap_or(new.starts_at) > now {
        limits::room_for_event(&mut tx, backend, host, Some(id)).await?;
    }
    let news = sqlx::query_scalar!(
        r#"
        update events e set title = $3, description = $4, starts_at = $5, ends_at = $6, time_zone = $7, venue = $8,
            address = $9, capacity = $10, rsvp_deadline = $11, party_size = $12, theme = $13, updated_at = $14,
            retention_months = $15,
            -- If the new date leaves time for a notice, clear the earlier one so that it is sent again.
            retention_notice_at = case when coalesce($6::timestamptz, $5::timestamptz) + make_interval(months => $15) > $16
                then null else e.retention_notice_at end,
            -- A new date in the future takes new guests.
            anonymised_at = case when coalesce($6::timestamptz, $5::timestamptz) > $14 then null else e.anonymised_at end,
            sequence = e.sequence + case
                when (e.title, e.description, e.starts_at, e.ends_at, e.time_zone, e.venue, e.address)
                    is distinct from ($3, $4, $5, $6, $7, $8, $9) then 1
                else 0
            end
        from (select sequence from events where host_id = $1 and id = $2 for no key update) old
        where e.host_id = $1 and e.id = $2
        returning e.sequence > old.sequence as "news!"
        "#,
        host.id().0,
        id.0,
        new.title,
        new.description,
        new.starts_at,
        new.ends_at,
        new.time_zone,
        new.venue,
        new.address,
        new.capacity,
        new.rsvp_deadline,
        new.party_size,
        new.theme as Theme,
        now,
        new.retention_months,
        now + TimeDelta::days(super::RETENTION_NOTICE_DAYS),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Problem::NotFound)?;
    tx.commit().await?;
    backend.live.changed(id);
    Ok(news)
}

/// Cancels an event. Guests see it behind their link; nothing is deleted.
pub async fn cancel(backend: &Backend, host: &Host, id: EventId) -> Result<()> {
    let cancelled = sqlx::query!(
        "update events set cancelled_at = $3, updated_at = $3, sequence = sequence + 1
        where host_id = $1 and id = $2 and cancelled_at is null",
        host.id().0,
        id.0,
        backend.clock.now(),
    )
    .execute(&backend.db)
    .await?
    .rows_affected();
    if cancelled == 0 {
        // Another host's event is a 404; an event cancelled before is a conflict.
        super::queries::event(&backend.db, host, id).await?;
        return Err(Problem::Conflict(Conflict::EventCancelled).into());
    }
    backend.live.changed(id);
    Ok(())
}

/// Deletes an event with its guests, links and replies, for good.
pub async fn delete(backend: &Backend, host: &Host, id: EventId) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    let title =
        sqlx::query_scalar!("delete from events where host_id = $1 and id = $2 returning title", host.id().0, id.0,)
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(Problem::NotFound)?;
    data_exports::discard(&mut tx, &[host.id()]).await?;
    audit::record(&mut tx, backend.clock.now(), host.actor(), AuditEvent::EventDeleted, &title).await?;
    tx.commit().await?;
    backend.live.changed(id);
    Ok(())
}
