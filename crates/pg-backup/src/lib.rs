//! PostgreSQL backups: dumps of one moment, kept in a folder or an S3-compatible store, checksummed and loaded again.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod checksums;
mod dump;
mod dump_filter;
mod load;
mod manifest;
mod pointer;
mod programs;
pub mod retention;
pub mod store;

use anyhow::Context;
use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};

pub use dump::back_up;
pub use load::{LoadOptions, load};
pub use manifest::{Format, Key, Manifest};
pub use programs::{ProgramError, Programs};
pub use store::{Store, StoreError};

/// Receives the progress of a backup or a restore.
pub trait Progress: Send + Sync {
    /// A step begins; `name` is text for people ("dumping").
    fn step(&self, name: &str);
    /// Bytes of the step that are done, and their total if that is known.
    fn bytes(&self, done: u64, total: Option<u64>);
}

/// Discards progress.
pub struct NoProgress;

impl Progress for NoProgress {
    fn step(&self, _: &str) {}
    fn bytes(&self, _: u64, _: Option<u64>) {}
}

/// How a backup is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackupOptions {
    /// Kept until somebody deletes it; retention leaves it alone.
    pub manual: bool,
    pub format: Format,
    /// Makes the backup although the newest one is of a database that was restored more recently.
    pub take_over: bool,
    /// When this database was last restored. Of two databases with one store, the one restored later replaces the other.
    pub restored_at: Option<DateTime<Utc>>,
    /// The version of the program that makes the backup.
    pub program_version: &'static str,
}

/// Opens one connection, with a timeout of ten seconds.
///
/// # Errors
/// The server cannot be reached, or refuses the connection.
pub async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    let connection = tokio::time::timeout(std::time::Duration::from_secs(10), PgConnection::connect(url)).await;
    connection
        .context("no answer within ten seconds")
        .and_then(|connection| connection.map_err(Into::into))
        .context("PostgreSQL is out of reach; check the database's address and that the server runs")
}

const TEMPORARY_FILES: &str = "cannot write temporary files; free up space, or set TMPDIR to another folder";
