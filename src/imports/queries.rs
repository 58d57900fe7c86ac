use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, StreamExt};
use serde_json::Value;
use sqlx::PgPool;

use super::{
    KEPT_HOURS, Line, Matches, Verdict,
    columns::{Column, Layout},
    row,
};
use crate::{
    auth::Host,
    error::Result,
    guests::GuestForm,
    ids::{EventId, GuestId, ImportId},
    problem::Problem,
};

/// Rows on one page of the preview.
pub const PAGE_SIZE: i64 = 50;

/// An import as a whole.
#[derive(Clone, Debug)]
pub struct Import {
    pub id: ImportId,
    pub file_name: String,
    /// ISO code of the country of numbers that name none; empty: unknown.
    pub country: String,
    pub matches: Matches,
    pub layout: Layout,
    pub headings: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub committed_at: Option<DateTime<Utc>>,
    pub undone_at: Option<DateTime<Utc>>,
    /// How many rows have which verdict; the row of the headings is not counted.
    pub counts: HashMap<Verdict, i64>,
    pub added: i64,
    pub updated: i64,
    /// Guests who were as the file says already.
    pub unchanged: i64,
    /// Cells of the first rows, for the host to tell the columns by.
    pub samples: Vec<Vec<String>>,
}

impl Import {
    /// Rows with that verdict.
    pub fn count(&self, verdict: Verdict) -> i64 {
        self.counts.get(&verdict).copied().unwrap_or_default()
    }

    /// Rows that a commit would add, and guests that it would change.
    pub fn effect(&self) -> (i64, i64) {
        let (ready, known) = (self.count(Verdict::Ready), self.count(Verdict::Known));
        match self.matches {
            Matches::Skip => (ready, 0),
            Matches::Update => (ready, known),
            Matches::Add => (ready + known, 0),
        }
    }

    /// Whether it changed anything and can still be undone.
    pub fn can_be_undone(&self, now: DateTime<Utc>) -> bool {
        self.undone_at.is_none()
            && self.added + self.updated > 0
            && self.committed_at.is_some_and(|at| at > now - TimeDelta::hours(KEPT_HOURS))
    }
}

/// One import with what was found in its file.
pub async fn import(db: &PgPool, host: &Host, event: EventId, id: ImportId) -> Result<Import> {
    let found = sqlx::query!(
        r#"
        select file_name, country, header, turned, columns, headings, matches as "matches: Matches", created_at,
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
        select verdict as "verdict: Verdict", count(*) as "count!",
            count(*) filter (where outcome = 'added') as "added!",
            count(*) filter (where outcome = 'updated') as "updated!",
            count(*) filter (where outcome = 'unchanged') as "unchanged!"
        from import_rows where host_id = $1 and import_id = $2 group by verdict
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
        i64::from(found.header),
    )
    .fetch_all(db)
    .await?;
    let mut counts: HashMap<Verdict, i64> = counted.iter().map(|row| (row.verdict, row.count)).collect();
    if found.header {
        counts.entry(Verdict::LeftOut).and_modify(|count| *count -= 1);
    }
    let columns = found.columns.iter().map(|key| Column::of_key(key).unwrap_or(Column::Other)).collect();
    Ok(Import {
        id,
        file_name: found.file_name,
        country: found.country,
        matches: found.matches,
        layout: Layout { header: found.header, columns, turned: found.turned },
        headings: found.headings,
        created_at: found.created_at,
        committed_at: found.committed_at,
        undone_at: found.undone_at,
        counts,
        added: counted.iter().map(|row| row.added).sum(),
        updated: counted.iter().map(|row| row.updated).sum(),
        unchanged: counted.iter().map(|row| row.unchanged).sum(),
        samples,
    })
}

struct Stored {
    line: i32,
    cells: Vec<String>,
    corrected: Option<Value>,
    verdict: Verdict,
    faults: Value,
    repeats: Option<i32>,
    suggestion: Option<String>,
    existing_guest_id: Option<GuestId>,
    stopped: bool,
}

impl Stored {
    fn read(self, import: &Import) -> Result<Line> {
        let form = match self.corrected {
            Some(corrected) => serde_json::from_value(corrected).map_err(anyhow::Error::from)?,
            None => GuestForm { country: import.country.clone(), ..row::form(&import.layout, &self.cells) },
        };
        Ok(Line {
            line: self.line,
            form,
            verdict: self.verdict,
            faults: serde_json::from_value(self.faults).map_err(anyhow::Error::from)?,
            repeats: self.repeats,
            known: self.existing_guest_id,
            suggestion: self.suggestion,
            stopped: self.stopped,
        })
    }
}

/// A page of the rows with one verdict, from 1.
pub async fn lines(db: &PgPool, host: &Host, import: &Import, verdict: Verdict, page: i64) -> Result<Vec<Line>> {
    let stored = sqlx::query_as!(
        Stored,
        r#"
        select line, cells, corrected, verdict as "verdict: Verdict", faults, repeats, suggestion,
            existing_guest_id as "existing_guest_id: GuestId",
            exists (select from suppressions s
                where s.address = lower(import_rows.email) and (s.host_id is null or s.host_id = $1)) as "stopped!"
        from import_rows
        where host_id = $1 and import_id = $2 and verdict = $3
            and not ($6 and line = (select min(line) from import_rows where host_id = $1 and import_id = $2))
        order by suggestion is null, line offset $4 limit $5
        "#,
        host.id().0,
        import.id.0,
        verdict.key(),
        (page.max(1) - 1) * PAGE_SIZE,
        PAGE_SIZE,
        import.layout.header,
    )
    .fetch_all(db)
    .await?;
    stored.into_iter().map(|row| row.read(import)).collect()
}

/// The rows of a committed import that did not come onto the list, in the order of the file, one at a time.
pub fn not_taken(db: PgPool, host: &Host, import: Import) -> impl Stream<Item = Result<(Vec<String>, Line)>> + use<> {
    let (host, id, header) = (host.id(), import.id, import.layout.header);
    async_stream::try_stream! {
        let mut rows = sqlx::query_as!(
            Stored,
            r#"
            select line, cells, corrected, verdict as "verdict: Verdict", faults, repeats, suggestion,
                existing_guest_id as "existing_guest_id: GuestId", false as "stopped!"
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
            yield (cells, row.read(&import)?);
        }
    }
}

/// The latest import of an event that was committed and can be undone, or is not finished.
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
