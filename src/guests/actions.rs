//! Guest verbs: add, edit, tag, remove and restore.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::types::Json;

use super::{
    GuestForm, MOST_AT_ONCE, NewGuest, UNDO_HOURS,
    form::{parse_phone, parse_tags},
    paste,
    status::GuestTx,
};
use crate::{
    actors::Host,
    audit::{self, AuditEvent},
    backend::Backend,
    billing::limits,
    data_exports, database,
    error::{Error, Result},
    events,
    ids::{EventId, GuestId, UserId},
    problem::{Conflict, FieldError, Fields, Problem, invalid},
};

/// Adds one guest.
pub async fn add(backend: &Backend, host: &Host, event: EventId, form: &GuestForm) -> Result<GuestId> {
    let ids = add_all(backend, host, event, &[form.parse()?]).await?;
    ids.into_iter().next().ok_or(Error::Problem(Problem::NotFound))
}

/// Adds all guests of a pasted list, or none if a line is unclear. Skips addresses that are on the guest list already,
/// so that a paste can be repeated. Returns the number of guests added.
pub async fn add_pasted(backend: &Backend, host: &Host, event: EventId, text: &str) -> Result<usize> {
    if text.trim().is_empty() {
        return Err(invalid("text", FieldError::Required).into());
    }
    let entries = paste::parse(text);
    if entries.len() > MOST_AT_ONCE as usize {
        return Err(Problem::Conflict(Conflict::TooManyAtOnce { max: MOST_AT_ONCE }).into());
    }
    let guests = paste::guests(&entries).map_err(|lines| invalid("text", FieldError::Lines(lines)))?;
    let addresses: Vec<String> = guests.iter().filter_map(|(_, guest)| guest.address()).collect();
    let known = super::queries::known_addresses(&backend.db, host, event, &addresses).await?;
    let mut new = Vec::new();
    let mut unclear = Vec::new();
    for (line, guest) in guests {
        if guest.address().is_some_and(|address| known.contains(&address)) {
            continue;
        }
        match NewGuest::from_paste(guest) {
            Ok(guest) => new.push(guest),
            Err(_) => unclear.push(line),
        }
    }
    if !unclear.is_empty() {
        return Err(invalid("text", FieldError::Lines(unclear)).into());
    }
    Ok(add_all(backend, host, event, &new).await?.len())
}

/// Edits a guest.
pub async fn edit(backend: &Backend, host: &Host, event: EventId, id: GuestId, form: &GuestForm) -> Result<()> {
    let new = form.parse()?;
    let mut tx = GuestTx::begin(&backend.db).await?;
    let changed = sqlx::query!(
        "update guests set name = $4, email = $5, phone = $6, party_size = coalesce($7, party_size), tags = $8,
            note = $9, updated_at = $10
        where host_id = $1 and event_id = $2 and id = $3 and deleted_at is null and erased_at is null",
        host.id().0,
        event.0,
        id.0,
        new.name,
        new.email,
        new.phone,
        new.party_size,
        &new.tags,
        new.note,
        backend.clock.now(),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    require_rows(changed)?;
    tx.touch(host.id(), &[id]);
    tx.commit().await?;
    backend.live.changed(event);
    Ok(())
}

/// Changes a guest's email address, in the caller's transaction.
pub(crate) async fn set_email(
    tx: &mut GuestTx,
    now: DateTime<Utc>,
    host: &Host,
    event: EventId,
    id: GuestId,
    address: &str,
) -> Result<()> {
    let mut fields = Fields::default();
    let email = fields.required_email("address", address);
    let email = fields.finish(email)?;
    set_contact(tx, now, host, event, id, Some(email), None).await
}

/// Changes a guest's phone number. `country` is that of a number without a country code, an ISO code.
pub async fn set_phone(
    backend: &Backend,
    host: &Host,
    event: EventId,
    id: GuestId,
    number: &str,
    country: &str,
) -> Result<()> {
    let mut fields = Fields::default();
    let phone = parse_phone(&mut fields, "phone", number, country);
    let phone = fields.finish(phone)?.ok_or_else(|| invalid("phone", FieldError::Required))?;
    let mut tx = GuestTx::begin(&backend.db).await?;
    set_contact(&mut tx, backend.clock.now(), host, event, id, None, Some(phone)).await?;
    tx.commit().await?;
    backend.live.changed(event);
    Ok(())
}

/// Guests removed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    pub guests: usize,
    /// Identifies them for [`restore`].
    pub at: DateTime<Utc>,
}

/// Removes guests: their links stop working and their seats are free. Can be undone for a day (soft delete).
pub async fn delete(backend: &Backend, host: &Host, event: EventId, ids: &[GuestId]) -> Result<Removed> {
    if ids.is_empty() {
        return Err(Problem::Conflict(Conflict::NobodySelected).into());
    }
    let now = backend.clock.now();
    let mut tx = GuestTx::begin(&backend.db).await?;
    tx.lock(host.id(), ids).await?;
    let deleted = sqlx::query!(
        "update guests set deleted_at = $4
        where host_id = $1 and event_id = $2 and id = any ($3) and deleted_at is null",
        host.id().0,
        event.0,
        ids as &[GuestId],
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    require_rows(deleted)?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::GuestsDeleted, &deleted.to_string()).await?;
    tx.commit().await?;
    backend.live.changed(event);
    Ok(Removed { guests: deleted as usize, at: now })
}

/// Restores guests removed together, with their links and replies; refused if their seats are taken by now.
pub async fn restore(backend: &Backend, host: &Host, event: EventId, at: DateTime<Utc>) -> Result<()> {
    let mut tx = GuestTx::begin(&backend.db).await?;
    events::actions::lock_event(&mut tx, host, event).await?;
    let seats = events::seats::lock_seats(&mut tx, host.id(), event).await?;
    let restored = sqlx::query!(
        r#"
        update guests g set deleted_at = null
        where host_id = $1 and event_id = $2 and deleted_at = $3 and deleted_at > $4
        returning id as "id: GuestId", coalesce((select heads from rsvps r
            where r.host_id = g.host_id and r.guest_id = g.id and r.answer = 'attending'), 0) as "heads!"
        "#,
        host.id().0,
        event.0,
        at,
        backend.clock.now() - TimeDelta::hours(UNDO_HOURS),
    )
    .fetch_all(&mut *tx)
    .await?;
    if restored.is_empty() {
        return Err(Problem::Conflict(Conflict::UndoExpired).into());
    }
    seats.take(restored.iter().map(|guest| guest.heads).sum())?;
    tx.touch(host.id(), &restored.iter().map(|guest| guest.id).collect::<Vec<_>>());
    // The statement above counts them already.
    limits::room_for_guests(&mut tx, backend, host, event, 0).await?;
    tx.commit().await?;
    backend.live.changed(event);
    Ok(())
}

/// Adds a tag to guests, or removes it. Returns the number of guests changed.
pub async fn tag(
    backend: &Backend,
    host: &Host,
    event: EventId,
    ids: &[GuestId],
    tag: &str,
    on: bool,
) -> Result<usize> {
    if ids.is_empty() {
        return Err(Problem::Conflict(Conflict::NobodySelected).into());
    }
    let mut fields = Fields::default();
    let tags = parse_tags(&mut fields, "tags", tag);
    let tags = fields.finish(tags)?;
    events::queries::event(&backend.db, host, event).await?;
    let [tag] = tags.as_slice() else { return Err(Problem::Conflict(Conflict::OneTag).into()) };
    let mut tx = GuestTx::begin(&backend.db).await?;
    tx.lock(host.id(), ids).await?;
    let tagged = sqlx::query!(
        "update guests set updated_at = $6,
            tags = case when $5 then tags || $4::text else array_remove(tags, $4) end
        where host_id = $1 and event_id = $2 and id = any ($3) and deleted_at is null
            and erased_at is null and ($4 = any (tags)) <> $5 and (cardinality(tags) < 20 or not $5)",
        host.id().0,
        event.0,
        ids as &[GuestId],
        tag,
        on,
        backend.clock.now(),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    tx.commit().await?;
    backend.live.changed(event);
    Ok(tagged as usize)
}

/// Erases guests removed more than a day ago; a restored backup erases them again (trigger on `guests`). A scheduled job.
/// Returns the number of guests.
pub async fn purge_deleted(backend: &Backend) -> Result<u64> {
    let before = backend.clock.now() - TimeDelta::hours(UNDO_HOURS);
    let mut tx = backend.db.begin().await?;
    // Prepared exports may contain them.
    let hosts =
        sqlx::query_scalar!(r#"select distinct host_id as "host: UserId" from guests where deleted_at <= $1"#, before)
            .fetch_all(&mut *tx)
            .await?;
    data_exports::discard(&mut tx, &hosts).await?;
    let purged = sqlx::query!("delete from guests where deleted_at <= $1", before).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(purged.rows_affected())
}

/// Adds all of `new`, or none if the plan has no room for them.
async fn add_all(backend: &Backend, host: &Host, event: EventId, new: &[NewGuest]) -> Result<Vec<GuestId>> {
    let mut tx = GuestTx::begin(&backend.db).await?;
    events::actions::lock_event(&mut tx, host, event).await?;
    limits::room_for_guests(&mut tx, backend, host, event, new.len() as i64).await?;
    let ids = insert(&mut tx, host, event, new, backend.clock.now()).await?;
    tx.commit().await?;
    database::analyze_after_bulk_load(&backend.db, database::Table::Guests, ids.len()).await;
    backend.live.changed(event);
    Ok(ids)
}

/// Inserts guests, the only statement that does. The caller holds the event. Returns their ids in the order of `new`.
pub(crate) async fn insert(
    tx: &mut GuestTx,
    host: &Host,
    event: EventId,
    new: &[NewGuest],
    now: DateTime<Utc>,
) -> Result<Vec<GuestId>> {
    let ids: Vec<GuestId> = new.iter().map(|_| GuestId::new()).collect();
    sqlx::query!(
        "insert into guests (host_id, event_id, id, name, email, phone, party_size, tags, note, created_at, updated_at)
        select $1, $2, n.id, n.name, n.email, n.phone, coalesce(n.party_size, e.party_size), n.tags, n.note, $5, $5
        from rows from (
            unnest($3::uuid[]),
            jsonb_to_recordset($4) as (name text, email text, phone text, party_size integer, tags text[], note text)
        ) as n (id, name, email, phone, party_size, tags, note)
        join events e on e.host_id = $1 and e.id = $2",
        host.id().0,
        event.0,
        &ids as &[GuestId],
        Json(new) as _,
        now,
    )
    .execute(&mut **tx)
    .await?;
    tx.touch(host.id(), &ids);
    Ok(ids)
}

/// Changes a guest's contact details; `None` keeps one as it is.
async fn set_contact(
    tx: &mut GuestTx,
    now: DateTime<Utc>,
    host: &Host,
    event: EventId,
    id: GuestId,
    email: Option<String>,
    phone: Option<String>,
) -> Result<()> {
    let changed = sqlx::query!(
        "update guests set email = coalesce($4, email), phone = coalesce($5, phone), updated_at = $6
        where host_id = $1 and event_id = $2 and id = $3 and deleted_at is null and erased_at is null",
        host.id().0,
        event.0,
        id.0,
        email,
        phone,
        now,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected();
    tx.touch(host.id(), &[id]);
    require_rows(changed)
}

fn require_rows(rows: u64) -> Result<()> {
    if rows == 0 { Err(Problem::NotFound.into()) } else { Ok(()) }
}
