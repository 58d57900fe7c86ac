use std::time::Instant;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    Backups, Key, Manifest, Progress,
    dump::connect,
    erasures, journal,
    load::load,
    verify::{self, Against, Report},
};
use crate::{clock::Clock, secrets::Secrets};

/// What a restore did.
#[derive(Debug, Serialize)]
pub struct Restored {
    /// The backup; `None`: a recovery to a point in time.
    pub key: Option<Key>,
    /// The moment that the database shows.
    pub shows: Option<DateTime<Utc>>,
    pub migrations: usize,
    pub sessions_ended: u64,
    /// Suppressions and erasures that came after the backup.
    pub applied_again: u64,
    /// Rows of people who were erased, and erased again.
    pub erased_again: u64,
    pub load_seconds: f64,
    pub seconds: f64,
    pub report: Report,
}

/// Brings the database at `into` to what the backup shows, makes it safe to serve, and verifies it.
///
/// # Errors
/// The backup is not what its manifest says, the target is not empty, or loading failed; then the target is as it was.
/// A check that fails is no error here: the report tells.
pub async fn restore(
    backups: &Backups,
    secrets: &Secrets,
    clock: &Clock,
    manifest: &Manifest,
    into: &str,
    replace: bool,
    watch: &dyn Progress,
) -> anyhow::Result<Restored> {
    let begun = Instant::now();
    // Read first: without the journal a restore would write to people who asked not to be written to.
    watch.step("reading the journal");
    let entries = journal::read(&backups.store).await?;
    load(backups, manifest, into, replace, watch).await?;
    let load_seconds = begun.elapsed().as_secs_f64();
    let settled = settle(&entries, secrets, clock, manifest.key.as_str(), into, watch).await;
    let restored = settled.context(
        "the target is loaded and not yet safe to serve from; its outbox is paused. Mend the cause, then restore again with \
         --replace",
    )?;
    Ok(Restored {
        key: Some(manifest.key.clone()),
        shows: Some(manifest.at),
        load_seconds,
        seconds: begun.elapsed().as_secs_f64(),
        ..restored
    })
}

/// What follows on loading: migrates the database at `into`, makes it safe to serve, and verifies it. For a server that was
/// recovered to a point in time this is all there is to do.
///
/// # Errors
/// The database is out of reach, or none of ours.
pub async fn settle(
    entries: &[journal::Entry],
    secrets: &Secrets,
    clock: &Clock,
    source: &str,
    into: &str,
    watch: &dyn Progress,
) -> anyhow::Result<Restored> {
    let begun = Instant::now();
    watch.step("migrating");
    let db = PgPool::connect(into).await.context("the restored database is out of reach")?;
    let migrations = crate::migrations::pending(&db).await?.len();
    crate::migrations::migrate(&db).await?;

    // Nothing has been counted yet in what was just loaded, and statements on large tables would be planned blindly.
    watch.step("gathering statistics");
    sqlx::raw_sql("analyze").execute(&db).await?;

    watch.step("making it safe");
    let safe = make_safe(&db, clock.now(), secrets, source, entries).await?;

    watch.step("verifying");
    let against = Against { manifest: None, journal: Some(entries), secrets, live: false, deep: false };
    let report = verify::run(&mut *db.acquire().await?, &against).await?;
    db.close().await;
    Ok(Restored {
        key: None,
        shows: None,
        migrations,
        sessions_ended: safe.sessions_ended,
        applied_again: safe.applied_again,
        erased_again: safe.erased_again,
        load_seconds: 0.0,
        seconds: begun.elapsed().as_secs_f64(),
        report,
    })
}

/// Whether both addresses lead to one database; false where either is out of reach.
pub async fn is_same(one: &str, other: &str) -> bool {
    let told = async |url: &str| -> anyhow::Result<String> {
        let mut db = connect(url).await?;
        let identity = "select current_database() || ' ' || inet_server_port() || ' ' || pg_postmaster_start_time()";
        Ok(sqlx::query_scalar(identity).fetch_one(&mut db).await?)
    };
    matches!((told(one).await, told(other).await), (Ok(one), Ok(other)) if one == other)
}

/// How much a past brought back that it must not.
struct Safe {
    sessions_ended: u64,
    applied_again: u64,
    erased_again: u64,
}

/// Everything that a past must not bring back: sessions, links that were used since, mail that was sent since, people
/// who were erased, and addresses that asked for silence.
async fn make_safe(
    db: &PgPool,
    now: DateTime<Utc>,
    secrets: &Secrets,
    source: &str,
    entries: &[journal::Entry],
) -> anyhow::Result<Safe> {
    let mut tx = db.begin().await?;
    sqlx::raw_sql("set local guestguard.replaying = 'on'").execute(&mut *tx).await?;
    let sessions =
        sqlx::query!("update sessions set ended_at = $1 where ended_at is null", now).execute(&mut *tx).await?;
    sqlx::query!("update account_tokens set used_at = $1, token_sealed = null where used_at is null", now)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "update outbox_pause set paused = true, reason = $1, changed_at = $2",
        "restored; look at `guestguard outbox status`, then resume or cancel",
        now,
    )
    .execute(&mut *tx)
    .await?;
    let applied_again = journal::replay_with_own(&mut tx, secrets, entries).await?;
    let erased_again = erasures::erase_again(&mut tx, now, secrets).await?;
    sqlx::query!("insert into restores (id, at, source) values ($1, $2, $3)", Uuid::now_v7(), now, source)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Safe { sessions_ended: sessions.rows_affected(), applied_again, erased_again })
}
