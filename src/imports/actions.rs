//! From a file to guests, in verbs: parse, then as often as the host likes arrange, mend and leave out, then commit, and
//! within a day undo.

mod commit;
mod judge;
mod parse;

pub use commit::{commit, undo};
pub use parse::parse;

use chrono::TimeDelta;

use super::{Arrangement, KEPT_HOURS, Matches, columns::Column};
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    guests::GuestForm,
    ids::{EventId, ImportId},
    phone,
    problem::{Conflict, Problem},
    problem::{FieldError, invalid},
};

/// Says what the columns hold, and judges all rows anew.
pub async fn arrange(
    backend: &Backend,
    host: &Host,
    event: EventId,
    import: ImportId,
    new: &Arrangement,
) -> Result<()> {
    let columns: Option<Vec<Column>> = new.columns.iter().map(|key| Column::of_key(key)).collect();
    let columns = columns.ok_or_else(|| invalid("columns", FieldError::NotAChoice))?;
    let matches = Matches::ALL.into_iter().find(|matches| matches.key() == new.matches);
    let matches = matches.ok_or_else(|| invalid("matches", FieldError::NotAChoice))?;
    if !new.country.is_empty() && phone::countries::of(&new.country).is_none() {
        return Err(invalid("country", FieldError::NotAChoice).into());
    }
    let columns: Vec<String> = columns.iter().map(|column| column.key().to_owned()).collect();
    let mut tx = backend.db.begin().await?;
    open(&mut tx, host, event, import).await?;
    let changed = sqlx::query!(
        "update imports set columns = $4, header = $5, country = $6, matches = $7
        where host_id = $1 and event_id = $2 and id = $3 and cardinality(columns) = cardinality($4::text[])",
        host.id().0,
        event.0,
        import.0,
        &columns,
        new.header,
        new.country,
        matches.key(),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if changed == 0 {
        return Err(invalid("columns", FieldError::NotAChoice).into());
    }
    judge::all(&mut tx, backend, host, event, import).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts what the host typed in place of what a line of the file says.
pub async fn mend(
    backend: &Backend,
    host: &Host,
    event: EventId,
    import: ImportId,
    line: i32,
    form: &GuestForm,
) -> Result<()> {
    form.parse()?;
    let corrected = serde_json::to_value(form).map_err(anyhow::Error::from)?;
    change(backend, host, event, import, Change { lines: vec![line], corrected: Some(corrected), ..Change::default() })
        .await
}

/// Leaves lines of the file out, or takes them in again.
pub async fn leave_out(
    backend: &Backend,
    host: &Host,
    event: EventId,
    import: ImportId,
    lines: &[i32],
    excluded: bool,
) -> Result<()> {
    change(backend, host, event, import, Change { lines: lines.to_vec(), excluded, ..Change::default() }).await
}

/// Keeps lines whose address stands further up in the file: different people who share it.
pub async fn keep(backend: &Backend, host: &Host, event: EventId, import: ImportId, lines: &[i32]) -> Result<()> {
    change(backend, host, event, import, Change { lines: lines.to_vec(), kept: true, ..Change::default() }).await
}

#[derive(Default)]
struct Change {
    lines: Vec<i32>,
    corrected: Option<serde_json::Value>,
    excluded: bool,
    kept: bool,
}

async fn change(backend: &Backend, host: &Host, event: EventId, import: ImportId, change: Change) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    open(&mut tx, host, event, import).await?;
    let changed = sqlx::query!(
        "update import_rows set excluded = $4, corrected = coalesce($5, corrected), kept = kept or $6
        where host_id = $1 and import_id = $2 and line = any ($3)",
        host.id().0,
        import.0,
        &change.lines,
        change.excluded,
        change.corrected,
        change.kept,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if changed == 0 {
        return Err(Problem::NotFound.into());
    }
    judge::all(&mut tx, backend, host, event, import).await?;
    tx.commit().await?;
    Ok(())
}

/// Throws an import away that was not committed.
pub async fn discard(backend: &Backend, host: &Host, event: EventId, import: ImportId) -> Result<()> {
    let discarded = sqlx::query!(
        "delete from imports where host_id = $1 and event_id = $2 and id = $3 and committed_at is null",
        host.id().0,
        event.0,
        import.0,
    )
    .execute(&backend.db)
    .await?
    .rows_affected();
    if discarded == 0 { Err(Problem::NotFound.into()) } else { Ok(()) }
}

/// Forgets files that nobody committed, and those whose time for undo is over. Run by the worker's schedule.
pub async fn forget_old(backend: &Backend) -> Result<u64> {
    let before = backend.clock.now() - TimeDelta::hours(KEPT_HOURS);
    let forgotten = sqlx::query!("delete from imports where coalesce(committed_at, created_at) < $1", before)
        .execute(&backend.db)
        .await?;
    Ok(forgotten.rows_affected())
}

/// Holds an import that is not committed, so that its verbs come one after the other.
async fn open(tx: &mut sqlx::PgConnection, host: &Host, event: EventId, import: ImportId) -> Result<()> {
    let committed = sqlx::query_scalar!(
        r#"
        select committed_at is not null as "committed!" from imports
        where host_id = $1 and event_id = $2 and id = $3 for no key update
        "#,
        host.id().0,
        event.0,
        import.0,
    )
    .fetch_optional(tx)
    .await?;
    match committed {
        None => Err(Problem::NotFound.into()),
        Some(true) => Err(Problem::Conflict(Conflict::ImportDone).into()),
        Some(false) => Ok(()),
    }
}
