//! Restore: loads a backup, migrates it, makes it safe to serve, and verifies it.

use std::time::Instant;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use pg_backup::{Key, LoadOptions, Manifest, Progress};
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    Backups,
    erasure_log::{self, LogEntry},
    erasures,
    verify::{self, VerifyOptions, VerifyReport},
};
use crate::{clock::Clock, error::Error, guests::status::GuestTx, migrations::MIGRATOR, secrets::Secrets};

/// The result of a restore.
#[derive(Debug, Serialize)]
pub struct Restored {
    /// The backup; `None`: a point-in-time recovery.
    pub key: Option<Key>,
    /// The moment that the database shows.
    pub shows: Option<DateTime<Utc>>,
    pub migrations: usize,
    pub sessions_ended: u64,
    /// Suppressions and erasures from after the backup.
    pub applied_again: u64,
    /// People whose rows came back with the backup, and were erased again.
    pub erased_again: u64,
    pub load_seconds: f64,
    pub seconds: f64,
    pub report: VerifyReport,
}

/// Restores a backup to the database at `into`, makes it safe to serve, and verifies it.
///
/// # Errors
/// The backup does not match its manifest, the target is not empty, or loading failed; then the target is unchanged.
/// A check that fails is no error: it is in the report.
pub async fn restore(
    backups: &Backups,
    secrets: &Secrets,
    clock: &Clock,
    manifest: &Manifest,
    into: &str,
    replace: bool,
    progress: &dyn Progress,
) -> anyhow::Result<Restored> {
    let started = Instant::now();
    // First, because without the erasure log we would write to people who have unsubscribed.
    progress.step("reading the erasure log");
    let entries = erasure_log::read(&backups.store).await?;
    let newest = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default();
    if manifest.schema_version > newest {
        bail!(
            "{} was made by guestguard {} and has migrations that this version does not know; restore it with that version or a \
             newer one",
            manifest.key,
            manifest.program_version
        );
    }
    let options = LoadOptions { replace, then: PAUSE_OUTBOX };
    pg_backup::load(&backups.store, &backups.programs, manifest, into, options, progress).await?;
    let load_seconds = started.elapsed().as_secs_f64();
    let restored = finalise(&entries, secrets, clock, manifest.key.as_str(), into, progress).await;
    let restored = restored.context(
        "the target is loaded but not yet safe to serve; its outbox is paused. Fix the cause, then restore again with --replace",
    )?;
    Ok(Restored {
        key: Some(manifest.key.clone()),
        shows: Some(manifest.at),
        load_seconds,
        seconds: started.elapsed().as_secs_f64(),
        ..restored
    })
}

/// Runs in the transaction that loads the dump, so that no message is sent before [`finalise`].
const PAUSE_OUTBOX: &str = "
do $$ begin
    if to_regclass('public.outbox_pause') is not null then
        update public.outbox_pause set paused = true, reason = 'restored, not yet checked', changed_at = now();
    end if;
end $$;
";

/// Everything after loading: migrates the database at `into`, makes it safe to serve, and verifies it. After a
/// point-in-time recovery this is all there is to do.
///
/// # Errors
/// The database cannot be reached, or is not GuestGuard's.
pub async fn finalise(
    entries: &[LogEntry],
    secrets: &Secrets,
    clock: &Clock,
    source: &str,
    into: &str,
    progress: &dyn Progress,
) -> anyhow::Result<Restored> {
    let started = Instant::now();
    progress.step("migrating");
    let db = PgPool::connect(into).await.context("the restored database is out of reach")?;
    let migrations = crate::migrations::pending(&db).await?.len();
    crate::migrations::migrate(&db).await?;

    // Freshly loaded tables have no statistics, and large statements would get bad plans.
    progress.step("gathering statistics");
    sqlx::raw_sql("analyze").execute(&db).await?;

    progress.step("making it safe");
    let safe = make_safe(&db, clock.now(), secrets, source, entries).await?;

    progress.step("verifying");
    let options = VerifyOptions { manifest: None, erasure_log: Some(entries), secrets, serving: false, deep: false };
    let report = verify::run(&mut *db.acquire().await?, &options).await?;
    db.close().await;
    Ok(Restored {
        key: None,
        shows: None,
        migrations,
        sessions_ended: safe.sessions_ended,
        applied_again: safe.applied_again,
        erased_again: safe.erased_again,
        load_seconds: 0.0,
        seconds: started.elapsed().as_secs_f64(),
        report,
    })
}

/// Whether both URLs lead to the same database; false if either cannot be reached.
pub async fn is_same(one: &str, other: &str) -> bool {
    let identity = async |url: &str| -> anyhow::Result<String> {
        let mut db = pg_backup::connect(url).await?;
        let sql = "select current_database() || ' ' || inet_server_port() || ' ' || pg_postmaster_start_time()";
        Ok(sqlx::query_scalar(sql).fetch_one(&mut db).await?)
    };
    matches!((identity(one).await, identity(other).await), (Ok(one), Ok(other)) if one == other)
}

/// What [`make_safe`] changed.
struct MadeSafe {
    sessions_ended: u64,
    applied_again: u64,
    erased_again: u64,
}

/// Removes what the past must not bring back: sessions, used links, messages that were sent since, erased people, and
/// addresses that were suppressed since.
async fn make_safe(
    db: &PgPool,
    now: DateTime<Utc>,
    secrets: &Secrets,
    source: &str,
    entries: &[LogEntry],
) -> anyhow::Result<MadeSafe> {
    let mut tx: GuestTx = db.begin().await?.into();
    sqlx::raw_sql("set local guestguard.replaying = 'on'").execute(&mut *tx).await?;
    let sessions =
        sqlx::query!("update sessions set ended_at = $1 where ended_at is null", now).execute(&mut *tx).await?;
    sqlx::query!("update account_tokens set used_at = $1, token_sealed = null where used_at is null", now)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "update outbox_pause set paused = true, reason = $1, changed_at = $2",
        "restored; check `guestguard outbox status`, then resume or cancel",
        now,
    )
    .execute(&mut *tx)
    .await?;
    let applied_again = erasure_log::replay_with_unshipped(&mut tx, secrets, entries).await?;
    let erased_again = erasures::erase_again(&mut tx, now, secrets).await?;
    sqlx::query!("insert into restores (id, at, source) values ($1, $2, $3)", Uuid::now_v7(), now, source)
        .execute(&mut *tx)
        .await?;
    tx.commit().await.map_err(Error::into_cause)?;
    Ok(MadeSafe { sessions_ended: sessions.rows_affected(), applied_again, erased_again })
}
