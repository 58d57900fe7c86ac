//! The page of manual delivery: the current guest, and how far the host has come.

use super::{Audience, DEFAULT_TEXT};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    events::{self, Event},
    ids::{EventId, GuestId, InvitationId},
    notifications::templates::placeholders::{Values, fill},
    phone,
};

/// How far the host has come, and the guest whose turn it is.
#[derive(Clone, Debug)]
pub struct Progress {
    pub event: Event,
    pub audience: Audience,
    /// `None` when every guest is done, or there are none.
    pub current: Option<Current>,
    /// The first skipped guest.
    pub first_skipped: Option<GuestId>,
    /// Links to share.
    pub total: i64,
    pub sent: i64,
    pub skipped: i64,
    /// Guests of this audience without a link.
    pub without_link: i64,
    /// The text, with placeholders.
    pub text: String,
}

/// The guest whose turn it is.
#[derive(Clone, Debug)]
pub struct Current {
    pub id: GuestId,
    pub name: String,
    pub phone: Option<String>,
    /// Why the number is unlikely to exist.
    pub phone_error: Option<phone::PhoneError>,
    pub link: String,
    /// The message, filled in.
    pub message: String,
    /// Counted from 1.
    pub position: i64,
    pub previous: Option<GuestId>,
    pub next: Option<GuestId>,
    /// The earlier mark: `sent` or `skipped`.
    pub outcome: Option<String>,
}

struct ManualDeliveryRow {
    guest: GuestId,
    invitation: InvitationId,
    outcome: Option<String>,
}

/// The progress with `guest` as the current one, or else the first who is neither sent nor skipped.
pub async fn progress(
    backend: &Backend,
    host: &Host,
    event: EventId,
    audience: Audience,
    guest: Option<GuestId>,
) -> Result<Progress> {
    let event = events::queries::event(&backend.db, host, event).await?;
    let text = events::queries::manual_delivery_text(&backend.db, host, event.id).await?;
    let text = if text.is_empty() { DEFAULT_TEXT.to_owned() } else { text };
    let rows = rows(backend, host, event.id, audience).await?;
    let without_link = without_link(backend, host, event.id, audience).await?;
    let count = |outcome: &str| rows.iter().filter(|row| row.outcome.as_deref() == Some(outcome)).count() as i64;
    // A guest who has replied meanwhile is no longer in the rows.
    let requested = guest.and_then(|guest| rows.iter().position(|row| row.guest == guest));
    let at = requested.or_else(|| rows.iter().position(|row| row.outcome.is_none()));
    let current = match at {
        Some(at) => Some(current(backend, host, &event, &text, &rows, at).await?),
        None => None,
    };
    let skipped = rows.iter().find(|row| row.outcome.as_deref() == Some("skipped"));
    Ok(Progress {
        first_skipped: skipped.map(|row| row.guest),
        audience,
        current,
        total: rows.len() as i64,
        sent: count("sent"),
        skipped: count("skipped"),
        without_link,
        text,
        event,
    })
}

async fn current(
    backend: &Backend,
    host: &Host,
    event: &Event,
    text: &str,
    rows: &[ManualDeliveryRow],
    at: usize,
) -> Result<Current> {
    let row = &rows[at];
    let guest = sqlx::query!(
        r#"
        select g.name, g.phone, i.token_sealed as "sealed!" from guests g
        join invitations i on i.host_id = g.host_id and i.id = $3
        where g.host_id = $1 and g.id = $2
        "#,
        host.id().0,
        row.guest.0,
        row.invitation.0,
    )
    .fetch_one(&backend.db)
    .await?;
    let link = backend.links.invitation(&backend.secrets.open(&guest.sealed, row.invitation.0)?);
    let date = event.when();
    let values = Values { guest: &guest.name, event: &event.title, date: &date, host: host.name(), link: &link };
    let message = fill(text, values);
    Ok(Current {
        id: row.guest,
        phone_error: guest.phone.as_deref().and_then(|number| phone::parse(number, None).err()),
        name: guest.name,
        phone: guest.phone,
        link,
        message,
        position: at as i64 + 1,
        previous: at.checked_sub(1).map(|before| rows[before].guest),
        next: rows.get(at + 1).map(|row| row.guest),
        outcome: row.outcome.clone(),
    })
}

/// Links to share, by name. A guest who replied has their link, unless it was reset since.
async fn rows(backend: &Backend, host: &Host, event: EventId, audience: Audience) -> Result<Vec<ManualDeliveryRow>> {
    Ok(sqlx::query_as!(
        ManualDeliveryRow,
        r#"
        select g.id as "guest: GuestId", i.id as "invitation: InvitationId", h.outcome as "outcome?"
        from guests g
        join guest_status s on s.host_id = g.host_id and s.event_id = g.event_id and s.guest_id = g.id
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        left join manual_deliveries h on h.host_id = g.host_id and h.invitation_id = i.id
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.erased_at is null
            and case when $3 then g.phone is not null else g.email is null end
            and (s.status not in ('attending', 'maybe', 'declined') or h.outcome is not null
                or exists (select from rsvps a
                    where a.host_id = g.host_id and a.guest_id = g.id and a.changed_at < i.issued_at))
        order by g.name_key, g.id
        "#,
        host.id().0,
        event.0,
        audience == Audience::Phone,
    )
    .fetch_all(&backend.db)
    .await?)
}

async fn without_link(backend: &Backend, host: &Host, event: EventId, audience: Audience) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from guests g
        join guest_status s on s.host_id = g.host_id and s.event_id = g.event_id and s.guest_id = g.id
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.erased_at is null
            and s.status = 'not-invited'
            and case when $3 then g.phone is not null else g.email is null end
        "#,
        host.id().0,
        event.0,
        audience == Audience::Phone,
    )
    .fetch_one(&backend.db)
    .await?)
}
