use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{GuestForm, MOST_AT_ONCE, NewGuest, UNDO_HOURS, paste};
use crate::{
    audit::{self, AuditEvent},
    auth::Host,
    backend::Backend,
    billing::limits,
    data_exports,
    error::{Error, Result},
    events,
    ids::{EventId, GuestId, UserId},
    planner,
    problem::{Conflict, Problem},
    problem::{FieldError, invalid},
    rsvp,
};

/// Puts one person on the list.
pub async fn add(backend: &Backend, host: &Host, event: EventId, form: &GuestForm) -> Result<GuestId> {
    let new = form.parse()?;
    let ids = insert(backend, host, event, vec![new]).await?;
    ids.into_iter().next().ok_or(Error::Problem(Problem::NotFound))
}

/// Puts all people of a pasted list on the event's list, or none if a line is unclear. People whose address is on
/// the list already are passed over, so that a paste can be repeated. Returns how many were added.
pub async fn add_pasted(backend: &Backend, host: &Host, event: EventId, text: &str) -> Result<usize> {
    if text.trim().is_empty() {
        return Err(invalid("text", FieldError::Required).into());
    }
    let entries = paste::read(text);
    if entries.len() > MOST_AT_ONCE as usize {
        return Err(Problem::Conflict(Conflict::TooManyAtOnce { max: MOST_AT_ONCE }).into());
    }
    let people = paste::people(&entries).map_err(|lines| invalid("text", FieldError::Lines(lines)))?;
    let addresses: Vec<String> = people.iter().filter_map(|p| p.email.as_deref()).map(str::to_lowercase).collect();
    let known = super::queries::known_addresses(&backend.db, host, event, &addresses).await?;
    let mut new = Vec::new();
    let mut unclear = Vec::new();
    for entry in &entries {
        let paste::Reading::Guest(person) = &entry.reading else { continue };
        if person.email.as_ref().is_some_and(|email| known.contains(&email.to_lowercase())) {
            continue;
        }
        match NewGuest::from_paste(person) {
            Ok(guest) => new.push(guest),
            Err(_) => unclear.push(entry.line),
        }
    }
    if !unclear.is_empty() {
        return Err(invalid("text", FieldError::Lines(unclear)).into());
    }
    Ok(insert(backend, host, event, new).await?.len())
}

/// Changes what the host knows of a guest.
pub async fn edit(backend: &Backend, host: &Host, event: EventId, id: GuestId, form: &GuestForm) -> Result<()> {
    let new = form.parse()?;
    let changed = sqlx::query!(
        "update guests set name = $4, email = $5, phone = $6, party_size = coalesce($7, party_size), tags = $8,
            note = $9, updated_at = $10, activity_at = greatest(activity_at, $10)
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
    .execute(&backend.db)
    .await?
    .rows_affected();
    found(changed)?;
    backend.live.changed(event);
    Ok(())
}

/// Puts a guest's address right, in the caller's transaction.
pub(crate) async fn set_email(
    tx: &mut PgConnection,
    backend: &Backend,
    host: &Host,
    event: EventId,
    id: GuestId,
    address: &str,
) -> Result<()> {
    let form = GuestForm { name: "-".into(), email: address.into(), ..GuestForm::default() };
    let fault = |fault| invalid("address", fault);
    let email = match form.parse() {
        Ok(guest) => guest.email.ok_or_else(|| fault(FieldError::Required))?,
        Err(problem) => {
            return Err(problem
                .faults("email")
                .next()
                .map_or(problem.clone(), |found| fault(found.fault.clone()))
                .into());
        }
    };
    put(tx, backend, host, event, id, Some(email), None).await
}

/// Puts a guest's number right. `country` is that of a number that names none, an ISO code.
pub async fn set_phone(
    backend: &Backend,
    host: &Host,
    event: EventId,
    id: GuestId,
    number: &str,
    country: &str,
) -> Result<()> {
    let form = GuestForm { name: "-".into(), phone: number.into(), country: country.into(), ..GuestForm::default() };
    let phone = form.parse()?.phone.ok_or_else(|| invalid("phone", FieldError::Required))?;
    put(&mut *backend.db.acquire().await?, backend, host, event, id, None, Some(phone)).await?;
    backend.live.changed(event);
    Ok(())
}

/// Guests who were taken off the list together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    pub guests: usize,
    /// By this they are brought back together.
    pub at: DateTime<Utc>,
}

/// Takes guests off the list: their links stop working and their seats are free; for a day it can be undone.
pub async fn delete(backend: &Backend, host: &Host, event: EventId, ids: &[GuestId]) -> Result<Removed> {
    if ids.is_empty() {
        return Err(Problem::Conflict(Conflict::NobodySelected).into());
    }
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let deleted = sqlx::query!(
        "update guests set deleted_at = $4
        where host_id = $1 and event_id = $2 and id = any ($3) and deleted_at is null",
        host.id().0,
        event.0,
        &ids,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    found(deleted)?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::GuestsDeleted, &deleted.to_string()).await?;
    tx.commit().await?;
    backend.live.changed(event);
    Ok(Removed { guests: deleted as usize, at: now })
}

/// Brings guests back who were taken off together, with their links and answers; refused when their seats were taken
/// meanwhile.
pub async fn restore(backend: &Backend, host: &Host, event: EventId, at: DateTime<Utc>) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    events::actions::lock_event(&mut tx, host, event).await?;
    let seats = rsvp::actions::lock_seats(&mut tx, host.id(), event).await?;
    let back = sqlx::query_scalar!(
        r#"
        update guests g set deleted_at = null
        where host_id = $1 and event_id = $2 and deleted_at = $3 and deleted_at > $4
        returning coalesce((select heads from rsvps r
            where r.host_id = g.host_id and r.guest_id = g.id and r.answer = 'attending'), 0) as "heads!"
        "#,
        host.id().0,
        event.0,
        at,
        backend.clock.now() - TimeDelta::hours(UNDO_HOURS),
    )
    .fetch_all(&mut *tx)
    .await?;
    if back.is_empty() {
        return Err(Problem::Conflict(Conflict::UndoExpired).into());
    }
    seats.take(back.iter().sum())?;
    // They are on the list again by now.
    limits::room_for_guests(&mut tx, backend, host, event, 0).await?;
    tx.commit().await?;
    backend.live.changed(event);
    Ok(())
}

/// Gives guests a tag, or takes it from them. Returns how many did not have it so before.
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
    let form = GuestForm { name: "-".into(), tags: tag.into(), ..GuestForm::default() };
    let tags = form.parse()?.tags;
    events::queries::event(&backend.db, host, event).await?;
    let [tag] = tags.as_slice() else { return Err(Problem::Conflict(Conflict::OneTag).into()) };
    let tagged = sqlx::query!(
        "update guests set updated_at = $6, activity_at = greatest(activity_at, $6),
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
    .execute(&backend.db)
    .await?;
    backend.live.changed(event);
    Ok(tagged.rows_affected() as usize)
}

/// Erases guests whose time for undo is over; a restore erases them again. Run by the worker's schedule; returns how many.
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

/// One statement for any number of guests, so that all or none are added.
async fn insert(backend: &Backend, host: &Host, event: EventId, new: Vec<NewGuest>) -> Result<Vec<GuestId>> {
    let default = events::queries::event(&backend.db, host, event).await?.party_size;
    let ids: Vec<_> = new.iter().map(|_| GuestId::new().0).collect();
    let names: Vec<_> = new.iter().map(|guest| guest.name.clone()).collect();
    let emails: Vec<_> = new.iter().map(|guest| guest.email.clone()).collect();
    let phones: Vec<_> = new.iter().map(|guest| guest.phone.clone()).collect();
    let sizes: Vec<_> = new.iter().map(|guest| guest.party_size.unwrap_or(default)).collect();
    let notes: Vec<_> = new.iter().map(|guest| guest.note.clone()).collect();
    let mut tx = backend.db.begin().await?;
    events::actions::lock_event(&mut tx, host, event).await?;
    limits::room_for_guests(&mut tx, backend, host, event, new.len() as i64).await?;
    // Arrays of arrays must be rectangular in SQL; tags travel as JSON.
    let tags =
        serde_json::to_value(new.iter().map(|guest| &guest.tags).collect::<Vec<_>>()).map_err(anyhow::Error::from)?;
    let added = sqlx::query_scalar!(
        r#"
        insert into guests (host_id, event_id, id, name, email, phone, party_size, note, tags, created_at, updated_at,
            activity_at)
        select $1, $2, n.id, n.name, n.email, n.phone, n.party_size, n.note,
            array(select jsonb_array_elements_text($9::jsonb -> (n.place - 1)::int)), $10, $10, $10
        from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[])
            with ordinality as n (id, name, email, phone, party_size, note, place)
        returning id as "id: GuestId"
        "#,
        host.id().0,
        event.0,
        &ids,
        &names,
        &emails as &[Option<String>],
        &phones as &[Option<String>],
        &sizes,
        &notes,
        tags,
        backend.clock.now(),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    planner::learn(&backend.db, planner::Table::Guests, added.len()).await;
    backend.live.changed(event);
    Ok(added)
}

/// Changes where a guest is reached; `None` leaves it as it is.
async fn put(
    db: &mut PgConnection,
    backend: &Backend,
    host: &Host,
    event: EventId,
    id: GuestId,
    email: Option<String>,
    phone: Option<String>,
) -> Result<()> {
    let changed = sqlx::query!(
        "update guests set email = coalesce($4, email), phone = coalesce($5, phone), updated_at = $6,
            activity_at = greatest(activity_at, $6)
        where host_id = $1 and event_id = $2 and id = $3 and deleted_at is null and erased_at is null",
        host.id().0,
        event.0,
        id.0,
        email,
        phone,
        backend.clock.now(),
    )
    .execute(db)
    .await?
    .rows_affected();
    found(changed)
}

fn found(rows: u64) -> Result<()> {
    if rows == 0 { Err(Problem::NotFound.into()) } else { Ok(()) }
}
