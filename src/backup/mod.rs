//! Backups and restores: backing up the database, keeping erasures erased, verifying a restored database, and drills.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use pg_backup::{
    BackupOptions, Key, Manifest, ProgramError, Programs, Progress, Store, StoreError, retention, store::StoreErrorKind,
};
use sqlx::PgConnection;

use crate::{actors::Host, clock::Clock};

pub mod drills;
pub mod erasure_log;
mod erasures;
pub(crate) mod jobs;
pub mod queries;
pub mod restore;
pub mod status;
pub mod verify;

/// The newest hourly backup is late after this many minutes.
pub const LATE_MINUTES: i64 = 70;
/// A drill is due this many days after the last one that passed.
pub const DRILL_DAYS: i64 = 35;
/// Recovery point objective: at most this many seconds of changes may be lost.
pub const RPO_SECONDS: i64 = 300;
/// Recovery time objective: the service is back after at most this many seconds.
pub const RTO_SECONDS: i64 = 3600;

/// Where backups go, and the programs that make them.
#[derive(Clone, Debug)]
pub struct Backups {
    pub store: Store,
    pub programs: Programs,
    /// Whether the worker makes a backup every hour.
    pub hourly: bool,
    pub cache: status::StatusCache,
}

/// The email addresses of this installation's operators, in lower case.
#[derive(Clone, Debug, Default)]
pub struct Operators(Arc<[String]>);

impl Operators {
    pub fn new(addresses: Vec<String>) -> Self {
        Self(addresses.into())
    }

    /// Admits `host` if their address is verified and an operator's.
    pub fn admit(&self, host: &Host) -> Option<Operator> {
        let listed = host.is_verified() && self.0.contains(&host.email().to_lowercase());
        listed.then_some(Operator(()))
    }
}

/// Proof that a host is an operator. Comes only from [`Operators::admit`].
pub struct Operator(());

/// Backs up the database at `url`, and ships the erasure log first, unless a check forbids a backup: the log of a copy of the
/// database must not reach the store.
///
/// # Errors
/// Another backup is running, or something failed; then there is no new backup, and no pointer moved.
pub async fn back_up(
    backups: &Backups,
    url: &str,
    clock: &Clock,
    options: BackupOptions,
    progress: &dyn Progress,
) -> anyhow::Result<Manifest> {
    let mut db = pg_backup::connect(url).await?;
    let restored_at = last_restored_at(&mut db).await?;
    let ship = async move || {
        // A read-only role cannot ship; the worker does.
        if let Err(cause) = erasure_log::ship(&mut db, &backups.store).await {
            tracing::warn!(cause = format!("{cause:#}"), "the erasure log could not be shipped with the backup");
        }
    };
    let options = BackupOptions { restored_at, program_version: env!("CARGO_PKG_VERSION"), ..options };
    pg_backup::back_up(&backups.store, &backups.programs, url, || clock.now(), ship, options, progress).await
}

async fn last_restored_at(db: &mut PgConnection) -> anyhow::Result<Option<DateTime<Utc>>> {
    // Old schemas do not have the table.
    if !sqlx::query_scalar("select to_regclass('public.restores') is not null").fetch_one(&mut *db).await? {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select max(at) from restores").fetch_one(db).await?)
}

/// Deletes expired backups, and the part of the erasure log that every remaining backup contains. With `dry_run` it
/// deletes nothing. The keys that have expired.
///
/// # Errors
/// The store cannot be reached.
pub async fn prune(store: &Store, now: DateTime<Utc>, dry_run: bool) -> anyhow::Result<Vec<Key>> {
    let expired = retention::prune(store, now, dry_run).await?;
    if !dry_run && let Some(oldest) = retention::list(store).await?.first() {
        erasure_log::delete_before(store, oldest.at - TimeDelta::hours(1)).await?;
    }
    Ok(expired)
}

/// An error in one line, with the settings to check.
pub fn describe(cause: &anyhow::Error) -> String {
    let settings = match cause.downcast_ref::<StoreError>().map(|error| error.kind) {
        Some(StoreErrorKind::NoBucket) => "; see GG_BACKUP_URL",
        Some(
            StoreErrorKind::NoCredentials | StoreErrorKind::UnknownCredentials | StoreErrorKind::ExpiredCredentials,
        ) => "; see GG_BACKUP_S3_ACCESS_KEY_ID and GG_BACKUP_S3_SECRET_ACCESS_KEY",
        Some(StoreErrorKind::Forbidden) => "; docs/DISASTER_RECOVERY.md has the policy",
        Some(StoreErrorKind::Unavailable) => "; see GG_BACKUP_URL and GG_BACKUP_S3_ENDPOINT",
        None if cause.is::<ProgramError>() => "; GG_PG_BIN can name the folder of PostgreSQL's programs",
        _ => "",
    };
    format!("{cause:#}{settings}")
}
