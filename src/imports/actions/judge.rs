use std::collections::HashMap;

use serde_json::Value;

use crate::{
    auth::Host,
    backend::Backend,
    billing::limits,
    error::Result,
    guests::{GuestForm, NewGuest, typos},
    ids::{EventId, ImportId},
    imports::{
        Verdict,
        columns::{Column, Layout},
        row,
    },
    problem::InvalidField,
    problem::Problem,
};

/// Rows that are judged at a time; so many at most are held in memory.
const BATCH: i64 = 1_000;

struct Stored {
    line: i32,
    cells: Vec<String>,
    corrected: Option<Value>,
    excluded: bool,
    kept: bool,
}

/// What was found out about one row.
struct Judged {
    line: i32,
    verdict: Verdict,
    faults: Vec<InvalidField>,
    repeats: Option<i32>,
    suggestion: Option<String>,
    named: bool,
    guest: Option<NewGuest>,
}

/// Reads and judges all rows of an import. Everything a host can change about it changes what others mean: a corrected
/// address may repeat another, a line left out makes room.
pub(super) async fn all(
    tx: &mut sqlx::PgConnection,
    backend: &Backend,
    host: &Host,
    event: EventId,
    import: ImportId,
) -> Result<()> {
    let found = sqlx::query!(
        "select columns, header, turned, country from imports where host_id = $1 and id = $2",
        host.id().0,
        import.0,
    )
    .fetch_one(&mut *tx)
    .await?;
    let columns = found.columns.iter().map(|key| Column::of_key(key).unwrap_or(Column::Other)).collect();
    let layout = Layout { header: found.header, columns, turned: found.turned };
    let mut seen = HashMap::new();
    let (mut after, mut first) = (0, true);
    loop {
        let rows = sqlx::query_as!(
            Stored,
            "select line, cells, corrected, excluded, kept from import_rows
            where host_id = $1 and import_id = $2 and line > $3 order by line limit $4",
            host.id().0,
            import.0,
            after,
            BATCH,
        )
        .fetch_all(&mut *tx)
        .await?;
        let Some(last) = rows.last() else { break };
        after = last.line;
        let mut judged = Vec::new();
        for stored in rows {
            let is_header = std::mem::take(&mut first) && layout.header;
            judged.push(judge(&layout, &found.country, &mut seen, stored, is_header)?);
        }
        write(tx, host, import, &judged).await?;
    }
    compare(tx, backend, host, event, import).await
}

fn judge(
    layout: &Layout,
    country: &str,
    seen: &mut HashMap<String, i32>,
    stored: Stored,
    is_header: bool,
) -> Result<Judged> {
    let Stored { line, cells, corrected, excluded, kept } = stored;
    let named = corrected.is_some() || row::has_name(layout, &cells);
    let form = match corrected {
        Some(corrected) => serde_json::from_value(corrected).map_err(anyhow::Error::from)?,
        None => GuestForm { country: country.to_owned(), ..row::form(layout, &cells) },
    };
    let suggestion = typos::suggestion(&form.email);
    let mut judged =
        Judged { line, verdict: Verdict::Ready, faults: Vec::new(), repeats: None, suggestion, named, guest: None };
    if excluded || is_header {
        judged.verdict = Verdict::LeftOut;
        return Ok(judged);
    }
    match form.parse() {
        Ok(guest) => {
            if let Some(email) = &guest.email {
                judged.repeats = seen.insert(email.to_lowercase(), line);
            }
            if let (Some(earlier), Some(email)) = (judged.repeats, &guest.email) {
                seen.insert(email.to_lowercase(), earlier);
                if !kept {
                    judged.verdict = Verdict::Repeated;
                }
            }
            judged.guest = Some(guest);
        }
        Err(Problem::Invalid(faults)) => {
            judged.verdict = Verdict::Attention;
            judged.faults = faults;
        }
        Err(other) => return Err(other.into()),
    }
    Ok(judged)
}

async fn write(tx: &mut sqlx::PgConnection, host: &Host, import: ImportId, judged: &[Judged]) -> Result<()> {
    let lines: Vec<i32> = judged.iter().map(|row| row.line).collect();
    let verdicts: Vec<String> = judged.iter().map(|row| row.verdict.key().to_owned()).collect();
    let faults: Vec<Value> = judged.iter().map(|row| serde_json::json!(row.faults)).collect();
    let repeats: Vec<Option<i32>> = judged.iter().map(|row| row.repeats).collect();
    let suggestions: Vec<Option<String>> = judged.iter().map(|row| row.suggestion.clone()).collect();
    let named: Vec<bool> = judged.iter().map(|row| row.named).collect();
    let of = |field: fn(&NewGuest) -> Option<String>| -> Vec<Option<String>> {
        judged.iter().map(|row| row.guest.as_ref().and_then(field)).collect()
    };
    let sizes: Vec<Option<i32>> = judged.iter().map(|row| row.guest.as_ref()?.party_size).collect();
    let tags: Vec<Value> =
        judged.iter().map(|row| serde_json::json!(row.guest.as_ref().map(|guest| &guest.tags))).collect();
    sqlx::query!(
        "update import_rows r set verdict = n.verdict, faults = n.faults, repeats = n.repeats, suggestion = n.suggestion,
            name = n.name, named = n.named, email = n.email, phone = n.phone, party_size = n.party_size, note = n.note,
            tags = case when jsonb_typeof(n.tags) = 'array' then array(select jsonb_array_elements_text(n.tags)) end,
            existing_guest_id = null
        from unnest($3::int[], $4::text[], $5::jsonb[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::int[], $12::text[], $13::jsonb[], $14::bool[])
            as n (line, verdict, faults, repeats, suggestion, name, email, phone, party_size, note, tags, named)
        where r.host_id = $1 and r.import_id = $2 and r.line = n.line",
        host.id().0,
        import.0,
        &lines,
        &verdicts,
        &faults,
        &repeats as &[Option<i32>],
        &suggestions as &[Option<String>],
        &of(|guest| Some(guest.name.clone())) as &[Option<String>],
        &of(|guest| guest.email.clone()) as &[Option<String>],
        &of(|guest| guest.phone.clone()) as &[Option<String>],
        &sizes as &[Option<i32>],
        &of(|guest| Some(guest.note.clone())) as &[Option<String>],
        &tags,
        &named,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Compares rows that are fine in themselves with the list as it is now: who is on it already, and what it has room for.
/// Rows that were kept beside another with their address are new people, whoever is on the list.
pub(super) async fn compare(
    tx: &mut sqlx::PgConnection,
    backend: &Backend,
    host: &Host,
    event: EventId,
    import: ImportId,
) -> Result<()> {
    sqlx::query!(
        "update import_rows r set (existing_guest_id, verdict) = (
            select known.id, case when known.id is null then 'ready' else 'known' end
            from (values (0)) row left join lateral (
                select g.id from guests g
                where g.host_id = $1 and g.event_id = $3 and lower(g.email) = lower(r.email) and g.deleted_at is null
                    and not r.kept
                order by g.created_at, g.id limit 1
            ) known on true)
        where host_id = $1 and import_id = $2 and verdict in ('ready', 'known', 'over-limit')",
        host.id().0,
        import.0,
        event.0,
    )
    .execute(&mut *tx)
    .await?;
    let room = limits::guests_left(tx, backend, host, event).await?;
    sqlx::query!(
        "with new as materialized (
            select n.line from import_rows n
            join imports i on i.host_id = n.host_id and i.id = n.import_id
            where n.host_id = $1 and n.import_id = $2 and (n.verdict = 'ready' or n.verdict = 'known' and i.matches = 'add')
            order by n.line offset $3 limit 1
        )
        update import_rows r set verdict = 'over-limit'
        where host_id = $1 and import_id = $2 and line >= (select line from new)
            and (verdict = 'ready' or verdict = 'known' and exists
                (select from imports where host_id = $1 and id = $2 and matches = 'add'))",
        host.id().0,
        import.0,
        room,
    )
    .execute(tx)
    .await?;
    Ok(())
}
