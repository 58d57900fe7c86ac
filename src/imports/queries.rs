//! Reads imports for the review and result pages.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, StreamExt};
use sqlx::{PgPool, types::Json};

use super::{
    DuplicatePolicy, ImportRow, KEPT_HOURS, RowStatus,
    columns::{Column, Layout},
    row,
};
use crate::{
    actors::Host,
    error::Result,
    guests::GuestForm,
    ids::{EventId, GuestId, ImportId},
    problem::{InvalidField, Problem},
};

/// Rows on one page of the review.
pub const PAGE_SIZE: i64 = 50;

/// An import with the counts of its rows.
#[derive(Clone, Debug)]
pub struct Import {
    pub id: ImportId,
    pub file_name: String,
    /// Default country for phone numbers, an ISO code or empty.
    pub country: String,
    pub duplicates: DuplicatePolicy,
    pub layout: Layout,
    pub headings: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub committed_at: Option<DateTime<Utc>>,
    pub undone_at: Option<DateTime<Utc>>,
    /// Rows by status, without the headings.
    pub counts: HashMap<RowStatus, i64>,
    pub added: i64,
    pub updated: i64,
    /// Guests with the same values already.
    pub unchanged: i64,
    /// The first rows, as examples of the columns.
    pub samples: Vec<Vec<String>>,
}

impl Import {
    /// Rows with that status.
    pub fn count(&self, status: RowStatus) -> i64 {
        self.counts.get(&status).copied().unwrap_or_default()
    }

    /// The numbers of guests that a commit would add and update.
    pub fn effect(&self) -> (i64, i64) {
        let (ready, known) = (self.count(RowStatus::Ready), self.count(RowStatus::Known));
        match self.duplicates {
            DuplicatePolicy::Skip => (ready, 0),
            DuplicatePolicy::Update => (ready, known),
            DuplicatePolicy::Add => (ready + known, 0),
        }
    }

    /// Whether it changed anything and can still be undone.
    pub fn can_be_undone(&self, now: DateTime<Utc>) -> bool {
        self.undone_at.is_none()
            && self.added + self.updated > 0
            && self.committed_at.is_some_and(|at| at > now - TimeDelta::hours(KEPT_HOURS))
    }
}

/// One import.
pub async fn import(db: &PgPool, host: &Host, event: EventId, id: ImportId) -> Result<Import> {
    let row = sqlx::query!(
        r#"
        select file_name, country, header, last_name_first, columns, headings, duplicate_policy as "duplicates: DuplicatePolicy", created_at,
            committed_at, undone_at
        from imports where host_id = $1 and event_id = $2 and id = $3
        "#,
        host.id().0,
        event.0,
        id.0,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Problem::NotFound)?;
    let counted = sqlx::query!(
        r#"
        select status as "status: RowStatus", count(*) as "count!",
            count(*) filter (where outcome = 'added') as "added!",
            count(*) filter (where outcome = 'updated') as "updated!",
            count(*) filter (where outcome = 'unchanged') as "unchanged!"
        from import_rows where host_id = $1 and import_id = $2 group by status
        "#,
        host.id().0,
        id.0,
    )
    .fetch_all(db)
    .await?;
    let samples = sqlx::query_scalar!(
        "select cells from import_rows where host_id = $1 and import_id = $2 order by line offset $3 limit 3",
        host.id().0,
        id.0,
        i64::from(row.header),
    )
    .fetch_all(db)
    .await?;
    let mut counts: HashMap<RowStatus, i64> = counted.iter().map(|count| (count.status, count.count)).collect();
    if row.header {
        counts.entry(RowStatus::Excluded).and_modify(|count| *count -= 1);
    }
    Ok(Import {
        id,
        file_name: row.file_name,
        country: row.country,
        duplicates: row.duplicates,
        layout: Layout {
            header: row.header,
            columns: Column::stored(&row.columns),
            last_name_first: row.last_name_first,
        },
        headings: row.headings,
        created_at: row.created_at,
        committed_at: row.committed_at,
        undone_at: row.undone_at,
        counts,
        added: counted.iter().map(|count| count.added).sum(),
        updated: counted.iter().map(|count| count.updated).sum(),
        unchanged: counted.iter().map(|count| count.unchanged).sum(),
        samples,
    })
}

struct StoredRow {
    line: i32,
    cells: Vec<String>,
    correction: Option<Json<GuestForm>>,
    status: RowStatus,
    faults: Json<Vec<InvalidField>>,
    duplicate_of: Option<i32>,
    suggestion: Option<String>,
    existing_guest: Option<GuestId>,
    suppressed: bool,
}

impl StoredRow {
    fn map(self, import: &Import) -> ImportRow {
        let form = match self.correction {
            Some(Json(form)) => form,
            None => GuestForm { country: import.country.clone(), ..row::form(&import.layout, &self.cells) },
        };
        ImportRow {
            line: self.line,
            form,
            status: self.status,
            faults: self.faults.0,
            duplicate_of: self.duplicate_of,
            existing_guest: self.existing_guest,
            suggestion: self.suggestion,
            suppressed: self.suppressed,
        }
    }
}

/// A page of the rows with one status, from 1. Rows with a suggestion come first.
pub async fn rows(db: &PgPool, host: &Host, import: &Import, status: RowStatus, page: i64) -> Result<Vec<ImportRow>> {
    let rows = sqlx::query_as!(
        StoredRow,
        r#"
        select line, cells, corrected as "correction: Json<GuestForm>", status as "status: RowStatus",
            errors as "faults: Json<Vec<InvalidField>>", duplicate_of, suggestion,
            existing_guest_id as "existing_guest: GuestId",
            status <> 'excluded' and exists (select from suppressions_of($1, lower(import_rows.email), null))
                as "suppressed!"
        from import_rows
        where host_id = $1 and import_id = $2 and status = $3
            and not ($6 and line = (select min(line) from import_rows where host_id = $1 and import_id = $2))
        order by suggestion is null, line offset $4 limit $5
        "#,
        host.id().0,
        import.id.0,
        status.into_str(),
        (page.max(1) - 1) * PAGE_SIZE,
        PAGE_SIZE,
        import.layout.header,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| row.map(import)).collect())
}

/// The rows that a committed import did not apply, with their cells, in the order of the file.
pub fn skipped_rows(
    db: PgPool,
    host: &Host,
    import: Import,
) -> impl Stream<Item = Result<(Vec<String>, ImportRow)>> + use<> {
    let (host, id, header) = (host.id(), import.id, import.layout.header);
    async_stream::try_stream! {
        let mut rows = sqlx::query_as!(
            StoredRow,
            r#"
            select line, cells, corrected as "correction: Json<GuestForm>", status as "status: RowStatus",
                errors as "faults: Json<Vec<InvalidField>>", duplicate_of, suggestion,
                existing_guest_id as "existing_guest: GuestId",
                false as "suppressed!"
            from import_rows
            where host_id = $1 and import_id = $2 and outcome is null
                and not ($3 and line = (select min(line) from import_rows where host_id = $1 and import_id = $2))
            order by line
            "#,
            host.0,
            id.0,
            header,
        )
        .fetch(&db);
        while let Some(row) = rows.next().await {
            let row = row?;
            let cells = row.cells.clone();
            yield (cells, row.map(&import));
        }
    }
}

/// The latest import of an event, unless it was undone.
pub async fn latest(db: &PgPool, host: &Host, event: EventId) -> Result<Option<ImportId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: ImportId" from imports
        where host_id = $1 and event_id = $2 and undone_at is null order by created_at desc limit 1
        "#,
        host.id().0,
        event.0,
    )
    .fetch_optional(db)
    .await?)
}
