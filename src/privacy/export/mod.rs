//! Data export: a consistent snapshot of an account without secrets, as JSON or as an archive with JSON and CSV.
//! docs/DATA_EXPORT.md describes the formats.

mod parts;
mod prepared;
mod write;

pub use parts::{ExportPart, PARTS};
pub use prepared::{PreparedExport, delete_expired, parts, prepare, prepared, request};

use sqlx::{Connection, PgConnection};

use crate::{
    actors::Host,
    audit::{self, AuditEvent},
    backend::Backend,
    error::Result,
    ids::UserId,
    problem::{Conflict, Problem},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    Json,
    /// JSON and one CSV for each part.
    Zip,
}

/// Rows above which an export is prepared in the background.
pub const MAX_ROWS: i64 = 150_000;

/// Writes the host's data to a temporary file.
///
/// # Errors
/// `SignInAgain` without a recent re-authentication, `ExportToPrepare` above [`MAX_ROWS`].
pub async fn export(backend: &Backend, host: &Host, format: ExportFormat) -> Result<std::fs::File> {
    let now = backend.clock.now();
    host.require_reauthentication(now)?;
    let mut db = backend.db.acquire().await?;
    let mut tx = snapshot(&mut db).await?;
    if rows(&mut tx, host.id()).await? > MAX_ROWS {
        return Err(Problem::Conflict(Conflict::ExportToPrepare).into());
    }
    let file = match format {
        ExportFormat::Json => write::json(&mut tx, host.id(), now).await?,
        ExportFormat::Zip => write::archive(&mut tx, host.id(), now, &mut |_| {}).await?,
    };
    tx.rollback().await?;
    audit::record(&mut db, now, host.actor(), AuditEvent::DataExported, "").await?;
    Ok(file)
}

/// A consistent snapshot for several statements.
async fn snapshot(db: &mut PgConnection) -> Result<sqlx::Transaction<'_, sqlx::Postgres>> {
    Ok(db.begin_with("begin isolation level repeatable read read only").await?)
}

/// Total rows of all parts.
async fn rows(db: &mut PgConnection, host: UserId) -> Result<i64> {
    let mut rows = 0;
    for part in PARTS {
        rows += part.count(db, host).await?;
    }
    Ok(rows)
}
