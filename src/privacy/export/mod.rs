//! What a host takes along: everything that belongs to their account, as one moment saw it, without secrets. As one JSON
//! document, or as an archive with that document and a table of each part. docs/DATA_EXPORT.md describes both.

mod parts;
mod prepared;
mod write;

pub use parts::{PARTS, Part};
pub use prepared::{Prepared, ask, forget_old, parts, prepare, prepared};
pub(crate) use prepared::{forget, forget_of};

use sqlx::{Connection, PgConnection};

use crate::{
    auth::{self, Act, Host},
    backend::Backend,
    error::Result,
    ids::UserId,
    problem::{Conflict, Problem},
};

/// What an export is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    /// With the same and a CSV for each part.
    Zip,
}

/// Rows above which an export is prepared while nobody waits.
pub const MOST_ROWS: i64 = 150_000;

/// Everything that belongs to the host, in a file that is gone when it is closed.
///
/// # Errors
/// `SignInAgain` where the password was typed too long ago, `ExportToPrepare` where it is too much.
pub async fn export(backend: &Backend, host: &Host, format: Format) -> Result<std::fs::File> {
    let now = backend.clock.now();
    host.must_be_recent(now)?;
    let mut db = backend.db.acquire().await?;
    let mut tx = snapshot(&mut db).await?;
    if rows(&mut tx, host.id()).await? > MOST_ROWS {
        return Err(Problem::Conflict(Conflict::ExportToPrepare).into());
    }
    let file = match format {
        Format::Json => write::json(&mut tx, host.id(), now).await?,
        Format::Zip => write::archive(&mut tx, host.id(), now, &mut |_| {}).await?,
    };
    tx.rollback().await?;
    auth::actions::record(&mut db, now, host, Act::DataExported, "").await?;
    Ok(file)
}

/// One moment, for as many statements as it takes.
async fn snapshot(db: &mut PgConnection) -> Result<sqlx::Transaction<'_, sqlx::Postgres>> {
    Ok(db.begin_with("begin isolation level repeatable read read only").await?)
}

/// Rows of all parts together.
async fn rows(db: &mut PgConnection, host: UserId) -> Result<i64> {
    let mut rows = 0;
    for part in PARTS {
        rows += part.count(db, host).await?;
    }
    Ok(rows)
}
