//! Row validation: parses the rows that changed, and compares all with each other, the guest list and the plan's limit.

use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{
    columns::{Column, Layout},
    row,
    table::RawRow,
};
use crate::{
    actors::Host,
    backend::Backend,
    billing::limits,
    error::Result,
    guests::{GuestForm, NewGuest, typos},
    ids::{EventId, ImportId},
    problem::{InvalidField, Problem},
};

/// A row, parsed by itself.
#[derive(Serialize)]
pub(super) struct ValidatedRow {
    line: u32,
    cells: Vec<String>,
    errors: Vec<InvalidField>,
    suggestion: Option<String>,
    /// The file or the host gives the name; otherwise it is made from the address.
    named: bool,
    #[serde(flatten)]
    guest: Option<NewGuest>,
}

/// Parses a row as the layout maps it, or as the host corrected it.
pub(super) fn parse(
    layout: &Layout,
    country: &str,
    row: RawRow,
    correction: Option<GuestForm>,
) -> Result<ValidatedRow, Problem> {
    let RawRow { line, cells } = row;
    let named = correction.is_some() || row::has_name(layout, &cells);
    let form = correction.unwrap_or_else(|| GuestForm { country: country.to_owned(), ..row::form(layout, &cells) });
    let (guest, errors) = match form.parse() {
        Ok(guest) => (Some(guest), Vec::new()),
        Err(Problem::Invalid(errors)) => (None, errors),
        Err(other) => return Err(other),
    };
    Ok(ValidatedRow { line, cells, errors, suggestion: typos::suggestion(&form.email), named, guest })
}

/// Stores parsed rows, new or parsed again. [`compare`] gives them their status.
pub(super) async fn store(tx: &mut PgConnection, host: &Host, import: ImportId, rows: &[ValidatedRow]) -> Result<()> {
    sqlx::query!(
        "insert into import_rows (host_id, import_id, line, cells, status, errors, suggestion, named, name, email, phone,
            party_size, tags, note)
        select $1, $2, line, cells, case when errors = '[]' then 'ready' else 'attention' end, errors, suggestion, named,
            name, email, phone, party_size, tags, note
        from jsonb_to_recordset($3) as n (line integer, cells text[], errors jsonb, suggestion text, named boolean,
            name text, email text, phone text, party_size integer, tags text[], note text)
        on conflict (host_id, import_id, line) do update set (errors, suggestion, named, name, email, phone, party_size,
            tags, note) = (excluded.errors, excluded.suggestion, excluded.named, excluded.name, excluded.email,
            excluded.phone, excluded.party_size, excluded.tags, excluded.note)",
        host.id().0,
        import.0,
        Json(rows) as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Parses rows again: all, or only `lines`.
pub(super) async fn parse_again(
    tx: &mut PgConnection,
    host: &Host,
    import: ImportId,
    lines: Option<&[i32]>,
) -> Result<()> {
    let settings = sqlx::query!(
        "select columns, header, last_name_first, country from imports where host_id = $1 and id = $2",
        host.id().0,
        import.0,
    )
    .fetch_one(&mut *tx)
    .await?;
    let layout = Layout {
        header: settings.header,
        columns: Column::stored(&settings.columns),
        last_name_first: settings.last_name_first,
    };
    let rows = sqlx::query!(
        r#"
        select line, cells, corrected as "correction: Json<GuestForm>" from import_rows
        where host_id = $1 and import_id = $2 and ($3::integer[] is null or line = any ($3)) order by line
        "#,
        host.id().0,
        import.0,
        lines,
    )
    .fetch_all(&mut *tx)
    .await?;
    let parsed = tokio::task::spawn_blocking(move || {
        let rows = rows.into_iter().map(|row| {
            let raw = RawRow { line: row.line.cast_unsigned(), cells: row.cells };
            parse(&layout, &settings.country, raw, row.correction.map(|Json(form)| form))
        });
        rows.collect::<Result<Vec<_>, _>>()
    });
    store(tx, host, import, &parsed.await.map_err(anyhow::Error::from)??).await
}

/// Gives all rows their status: which repeat an address, whose address is on the guest list, which exceed the plan's
/// limit. Rows included beside another with their address are new people, whoever is on the guest list.
pub(super) async fn compare(
    tx: &mut PgConnection,
    backend: &Backend,
    host: &Host,
    event: EventId,
    import: ImportId,
) -> Result<()> {
    let room = limits::guests_left(tx, backend, host, event).await?;
    // Reads what changed and writes it in two statements: joined in one, a table without statistics is compared with
    // itself row by row.
    let changed = sqlx::query!(
        r#"
        with numbered as (
            select r.line, r.email, r.included, r.errors <> '[]' as invalid, i.duplicate_policy = 'add' as adds,
                r.excluded or i.header and r.line = min(r.line) over () as skipped,
                (r.status, r.duplicate_of, r.existing_guest_id) as stored
            from import_rows r
            join imports i on i.host_id = r.host_id and i.id = r.import_id
            where r.host_id = $1 and r.import_id = $2
        ), deduplicated as (
            select *, case when email is not null and not skipped
                then nullif(min(line) over (partition by lower(email), skipped), line) end as first
            from numbered
        ), compared as (
            select d.line, d.first, known.id as known, d.adds, d.stored, case
                when d.skipped then 'excluded'
                when d.invalid then 'attention'
                when d.first is not null and not d.included then 'repeated'
                when known.id is not null then 'known'
                else 'ready' end as status
            from deduplicated d
            left join lateral (
                select g.id from guests g
                where g.host_id = $1 and g.event_id = $3 and lower(g.email) = lower(d.email) and g.deleted_at is null
                order by g.created_at, g.id limit 1
            ) known on d.first is null and not d.included and not d.skipped
        ), limited as (
            select line, first, known, stored, case when adding and count(*) filter (where adding) over (order by line) > $4
                then 'over-limit' else status end as status
            from (select *, status = 'ready' or status = 'known' and adds as adding from compared) c
        )
        select line as "line!", status as "status!", first as "first?", known as "known?" from limited
        where (status, first, known) is distinct from stored
        "#,
        host.id().0,
        import.0,
        event.0,
        room,
    )
    .fetch_all(&mut *tx)
    .await?;
    let lines: Vec<i32> = changed.iter().map(|row| row.line).collect();
    let statuses: Vec<&str> = changed.iter().map(|row| &*row.status).collect();
    let duplicates_of: Vec<Option<i32>> = changed.iter().map(|row| row.first).collect();
    let existing_guests: Vec<Option<Uuid>> = changed.iter().map(|row| row.known).collect();
    sqlx::query!(
        "update import_rows r set status = n.status, duplicate_of = n.first, existing_guest_id = n.known
        from unnest($3::integer[], $4::text[], $5::integer[], $6::uuid[]) as n (line, status, first, known)
        where r.host_id = $1 and r.import_id = $2 and r.line = n.line",
        host.id().0,
        import.0,
        &lines,
        &statuses as &[&str],
        &duplicates_of as &[Option<i32>],
        &existing_guests as &[Option<Uuid>],
    )
    .execute(tx)
    .await?;
    Ok(())
}
