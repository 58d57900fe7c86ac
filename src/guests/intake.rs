//! Guests that come in from a file. The rows of an import are read here and only here; who they became is noted there.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    auth::Host,
    error::Result,
    ids::{EventId, ImportId},
};

/// Adds the rows that have a guest's id.
pub(crate) async fn take_in(
    tx: &mut PgConnection,
    host: &Host,
    event: EventId,
    import: ImportId,
    now: DateTime<Utc>,
) -> Result<u64> {
    let added = sqlx::query!(
        "insert into guests (host_id, event_id, id, name, email, phone, party_size, tags, note, created_at, updated_at,
            activity_at)
        select r.host_id, $3, r.guest_id, r.name, r.email, r.phone, coalesce(r.party_size, e.party_size), r.tags, r.note,
            $4, $4, $4
        from import_rows r
        join events e on e.host_id = $1 and e.id = $3
        where r.host_id = $1 and r.import_id = $2 and r.outcome = 'added'
        order by r.line",
        host.id().0,
        import.0,
        event.0,
        now,
    )
    .execute(tx)
    .await?;
    Ok(added.rows_affected())
}

/// Gives guests what the rows with their address say; what a row leaves empty stays, tags are added. Returns how many
/// changed, and how many were so already.
pub(crate) async fn take_over(
    tx: &mut PgConnection,
    host: &Host,
    event: EventId,
    import: ImportId,
    now: DateTime<Utc>,
) -> Result<(u64, u64)> {
    sqlx::query!(
        "update import_rows r set outcome = 'updated', guest_id = g.id, before = jsonb_build_object(
            'name', g.name, 'phone', g.phone, 'party_size', g.party_size, 'tags', to_jsonb(g.tags), 'note', g.note)
        from guests g
        where r.host_id = $1 and r.import_id = $2 and r.verdict = 'known'
            and g.host_id = $1 and g.event_id = $3 and g.id = r.existing_guest_id and g.deleted_at is null and g.erased_at is null
            and ((case when r.named then r.name else g.name end, coalesce(r.phone, g.phone), coalesce(r.party_size, g.party_size), r.tags <@ g.tags)
                    is distinct from (g.name, g.phone, g.party_size, true)
                or r.note not in ('', g.note))",
        host.id().0,
        import.0,
        event.0,
    )
    .execute(&mut *tx)
    .await?;
    let updated = sqlx::query!(
        "update guests g set name = case when r.named then r.name else g.name end, phone = coalesce(r.phone, g.phone),
            party_size = coalesce(r.party_size, g.party_size),
            tags = (select coalesce((array_agg(distinct tag))[1:20], '{}') from unnest(g.tags || r.tags) tag),
            note = coalesce(nullif(r.note, ''), g.note),
            updated_at = $4, activity_at = greatest(g.activity_at, $4)
        from import_rows r
        where r.host_id = $1 and r.import_id = $2 and r.outcome = 'updated'
            and g.host_id = $1 and g.event_id = $3 and g.id = r.guest_id",
        host.id().0,
        import.0,
        event.0,
        now,
    )
    .execute(&mut *tx)
    .await?;
    let unchanged = sqlx::query!(
        "update import_rows set outcome = 'unchanged'
        where host_id = $1 and import_id = $2 and verdict = 'known' and outcome is null",
        host.id().0,
        import.0,
    )
    .execute(tx)
    .await?;
    Ok((updated.rows_affected(), unchanged.rows_affected()))
}

/// Undoes what an import did to guests whom nobody touched since; returns to how many.
pub(crate) async fn take_back(
    tx: &mut PgConnection,
    host: &Host,
    event: EventId,
    import: ImportId,
    now: DateTime<Utc>,
) -> Result<u64> {
    let removed = sqlx::query!(
        "update guests g set deleted_at = $4
        from import_rows r, imports i
        where i.host_id = $1 and i.id = $2 and r.host_id = $1 and r.import_id = $2 and r.outcome = 'added'
            and g.host_id = $1 and g.event_id = $3 and g.id = r.guest_id and g.deleted_at is null
            and g.updated_at = i.committed_at
            and not exists (select from invitations n where n.host_id = $1 and n.guest_id = g.id)",
        host.id().0,
        import.0,
        event.0,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let restored = sqlx::query!(
        "update guests g set name = r.before ->> 'name', phone = r.before ->> 'phone',
            party_size = (r.before -> 'party_size')::int, note = r.before ->> 'note',
            tags = array(select jsonb_array_elements_text(r.before -> 'tags')),
            updated_at = $4, activity_at = greatest(g.activity_at, $4)
        from import_rows r, imports i
        where i.host_id = $1 and i.id = $2 and r.host_id = $1 and r.import_id = $2 and r.outcome = 'updated'
            and g.host_id = $1 and g.event_id = $3 and g.id = r.guest_id and g.deleted_at is null
            and g.updated_at = i.committed_at
            and not exists (select from invitations n
                where n.host_id = $1 and n.guest_id = g.id and n.issued_at >= i.committed_at)
            and not exists (select from rsvps a
                where a.host_id = $1 and a.guest_id = g.id and a.changed_at >= i.committed_at)",
        host.id().0,
        import.0,
        event.0,
        now,
    )
    .execute(tx)
    .await?
    .rows_affected();
    Ok(removed + restored)
}
