//! Import verbs: parse a file, then set the mapping and correct, exclude or include rows; commit, and undo within a day.

mod commit;
mod parse;

pub use commit::{commit, undo};
pub use parse::parse;

use chrono::TimeDelta;

use super::{ColumnMapping, DuplicatePolicy, KEPT_HOURS, columns::Column, validate};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    guests::GuestForm,
    ids::{EventId, ImportId},
    phone,
    problem::{Conflict, FieldError, Problem, invalid},
};

/// Sets what the columns hold, and validates all rows again.
pub async fn set_mapping(
    backend: &Backend,
    host: &Host,
    event: EventId,
    import: ImportId,
    mapping: &ColumnMapping,
) -> Result<()> {
    let columns: Result<Vec<Column>, _> = mapping.columns.iter().map(|name| name.parse()).collect();
    let columns = columns.map_err(|_| invalid("columns", FieldError::NotAChoice))?;
    let policy: DuplicatePolicy =
        mapping.duplicates.parse().map_err(|_| invalid("duplicates", FieldError::NotAChoice))?;
    if !mapping.country.is_empty() && phone::countries::of(&mapping.country).is_none() {
        return Err(invalid("country", FieldError::NotAChoice).into());
    }
    let columns: Vec<String> = columns.iter().map(|column| column.into_str().to_owned()).collect();
    let mut tx = backend.db.begin().await?;
    lock(&mut tx, host, event, import).await?;
    let changed = sqlx::query!(
        "update imports set columns = $4, header = $5, country = $6, duplicate_policy = $7
        where host_id = $1 and event_id = $2 and id = $3 and cardinality(columns) = cardinality($4::text[])",
        host.id().0,
        event.0,
        import.0,
        &columns,
        mapping.header,
        mapping.country,
        policy.into_str(),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if changed == 0 {
        return Err(invalid("columns", FieldError::NotAChoice).into());
    }
    validate::parse_again(&mut tx, host, import, None).await?;
    validate::compare(&mut tx, backend, host, event, import).await?;
    tx.commit().await?;
    Ok(())
}

/// Replaces the cells of a row by what the host typed.
pub async fn correct_row(
    backend: &Backend,
    host: &Host,
    event: EventId,
    import: ImportId,
    line: i32,
    form: &GuestForm,
) -> Result<()> {
    form.parse()?;
    let correction = serde_json::to_value(form).map_err(anyhow::Error::from)?;
    change(
        backend,
        host,
        event,
        import,
        RowChange { lines: &[line], correction: Some(correction), ..RowChange::default() },
    )
    .await
}

/// Excludes rows from the import, or takes them back in.
pub async fn exclude_row(
    backend: &Backend,
    host: &Host,
    event: EventId,
    import: ImportId,
    lines: &[i32],
    exclude: bool,
) -> Result<()> {
    change(backend, host, event, import, RowChange { lines, exclude, ..RowChange::default() }).await
}

/// Includes rows although an earlier one has their address: different people who share it.
pub async fn include_row(
    backend: &Backend,
    host: &Host,
    event: EventId,
    import: ImportId,
    lines: &[i32],
) -> Result<()> {
    change(backend, host, event, import, RowChange { lines, include: true, ..RowChange::default() }).await
}

#[derive(Default)]
struct RowChange<'a> {
    lines: &'a [i32],
    correction: Option<serde_json::Value>,
    exclude: bool,
    include: bool,
}

async fn change(backend: &Backend, host: &Host, event: EventId, import: ImportId, change: RowChange<'_>) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    lock(&mut tx, host, event, import).await?;
    let changed = sqlx::query!(
        "update import_rows set excluded = $4, corrected = coalesce($5, corrected), included = included or $6
        where host_id = $1 and import_id = $2 and line = any ($3)",
        host.id().0,
        import.0,
        change.lines,
        change.exclude,
        change.correction,
        change.include,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if changed == 0 {
        return Err(Problem::NotFound.into());
    }
    if change.correction.is_some() {
        validate::parse_again(&mut tx, host, import, Some(change.lines)).await?;
    }
    // A corrected address may duplicate another row's, and an excluded row makes room under the limit.
    validate::compare(&mut tx, backend, host, event, import).await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes an import that was not committed.
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

/// Deletes imports a day after their commit, unfinished ones a day after their upload. A scheduled job.
pub async fn delete_expired(backend: &Backend) -> Result<u64> {
    let before = backend.clock.now() - TimeDelta::hours(KEPT_HOURS);
    let deleted = sqlx::query!("delete from imports where coalesce(committed_at, created_at) < $1", before)
        .execute(&backend.db)
        .await?;
    Ok(deleted.rows_affected())
}

/// Locks an import that is not committed, so that its verbs run one after the other.
async fn lock(tx: &mut sqlx::PgConnection, host: &Host, event: EventId, import: ImportId) -> Result<()> {
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
