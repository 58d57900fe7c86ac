//! Applies an import to the guest list: inserts new guests, merges rows into existing ones, and reverts both.

use chrono::{DateTime, Utc};

use super::DuplicatePolicy;
use crate::{
    actors::Host,
    error::Result,
    guests::{self, NewGuest, status::GuestTx},
    ids::{EventId, GuestId, ImportId},
};

/// Inserts the rows that become guests, in the order of the file. Returns their number.
pub(super) async fn insert(
    tx: &mut GuestTx,
    host: &Host,
    event: EventId,
    import: ImportId,
    policy: DuplicatePolicy,
    now: DateTime<Utc>,
) -> Result<u64> {
    let rows = sqlx::query!(
        r#"
        select line, name as "name!", email, phone, party_size, tags as "tags!", note as "note!" from import_rows
        where host_id = $1 and import_id = $2 and (status = 'ready' or status = 'known' and $3)
        order by line
        "#,
        host.id().0,
        import.0,
        policy == DuplicatePolicy::Add,
    )
    .map(|row| {
        let guest = NewGuest {
            name: row.name,
            email: row.email,
            phone: row.phone,
            party_size: row.party_size,
            tags: row.tags,
            note: row.note,
        };
        (row.line, guest)
    })
    .fetch_all(&mut **tx)
    .await?;
    let (lines, new): (Vec<i32>, Vec<NewGuest>) = rows.into_iter().unzip();
    let ids = guests::actions::insert(tx, host, event, &new, now).await?;
    sqlx::query!(
        "update import_rows r set guest_id = n.id, outcome = 'added'
        from unnest($3::integer[], $4::uuid[]) as n (line, id)
        where r.host_id = $1 and r.import_id = $2 and r.line = n.line",
        host.id().0,
        import.0,
        &lines,
        &ids as &[GuestId],
    )
    .execute(&mut **tx)
    .await?;
    Ok(ids.len() as u64)
}

/// Updates guests from the rows with their address; empty cells change nothing, tags are added. Returns the numbers of
/// guests updated and unchanged.
pub(super) async fn merge(
    tx: &mut GuestTx,
    host: &Host,
    event: EventId,
    import: ImportId,
    now: DateTime<Utc>,
) -> Result<(u64, u64)> {
    let changing = sqlx::query_scalar!(
        r#"
        update import_rows r set outcome = 'updated', guest_id = g.id, before = jsonb_build_object(
            'name', g.name, 'phone', g.phone, 'party_size', g.party_size, 'tags', to_jsonb(g.tags), 'note', g.note)
        from guests g
        where r.host_id = $1 and r.import_id = $2 and r.status = 'known'
            and g.host_id = $1 and g.event_id = $3 and g.id = r.existing_guest_id and g.deleted_at is null and g.erased_at is null
            and ((case when r.named then r.name else g.name end, coalesce(r.phone, g.phone), coalesce(r.party_size, g.party_size), r.tags <@ g.tags)
                    is distinct from (g.name, g.phone, g.party_size, true)
                or r.note not in ('', g.note))
        returning g.id as "id: GuestId"
        "#,
        host.id().0,
        import.0,
        event.0,
    )
    .fetch_all(&mut **tx)
    .await?;
    tx.lock(host.id(), &changing).await?;
    let updated = sqlx::query!(
        "update guests g set name = case when r.named then r.name else g.name end, phone = coalesce(r.phone, g.phone),
            party_size = coalesce(r.party_size, g.party_size),
            tags = (select coalesce((array_agg(distinct tag))[1:20], '{}') from unnest(g.tags || r.tags) tag),
            note = coalesce(nullif(r.note, ''), g.note),
            updated_at = $4
        from import_rows r
        where r.host_id = $1 and r.import_id = $2 and r.outcome = 'updated'
            and g.host_id = $1 and g.event_id = $3 and g.id = r.guest_id",
        host.id().0,
        import.0,
        event.0,
        now,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected();
    let unchanged = sqlx::query!(
        "update import_rows set outcome = 'unchanged'
        where host_id = $1 and import_id = $2 and status = 'known' and outcome is null",
        host.id().0,
        import.0,
    )
    .execute(&mut **tx)
    .await?;
    Ok((updated, unchanged.rows_affected()))
}

/// Removes inserted guests and restores merged ones, unless they were invited, changed or replied since. Returns the
/// number of guests reverted.
pub(super) async fn revert(
    tx: &mut GuestTx,
    host: &Host,
    event: EventId,
    import: ImportId,
    now: DateTime<Utc>,
) -> Result<u64> {
    let imported = sqlx::query_scalar!(
        r#"
        select guest_id as "id!: GuestId" from import_rows
        where host_id = $1 and import_id = $2 and outcome in ('added', 'updated')
        "#,
        host.id().0,
        import.0,
    )
    .fetch_all(&mut **tx)
    .await?;
    tx.lock(host.id(), &imported).await?;
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
    .execute(&mut **tx)
    .await?
    .rows_affected();
    let restored = sqlx::query!(
        "update guests g set name = r.before ->> 'name', phone = r.before ->> 'phone',
            party_size = (r.before -> 'party_size')::int, note = r.before ->> 'note',
            tags = array(select jsonb_array_elements_text(r.before -> 'tags')),
            updated_at = $4
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
    .execute(&mut **tx)
    .await?
    .rows_affected();
    Ok(removed + restored)
}
