//! `guestguard drill`: a restore drill, from the newest backup to a guest's reply on the restored copy.

use std::{io::Write, path::PathBuf, time::Instant};

use anyhow::{Context, bail};
use clap::Args;
use guestguard::{
    backend::Backend,
    backup::{
        Backups, DRILL_DAYS, RPO_SECONDS, RTO_SECONDS,
        drills::{self, Scratch},
        queries, restore,
    },
    clock::Clock,
    maintenance,
};
use pg_backup::{Manifest, Progress, retention};
use serde::Serialize;

use super::{
    backup::Output,
    output::{Unhealthy, print_json, say, size, span},
    progress,
};
use crate::{config::Config, connect};

mod visit;

#[derive(Args)]
pub struct Drill {
    /// Server for the scratch database; by default that of GG_DATABASE_URL
    #[arg(long, value_name = "URL", env = "GG_DRILL_ON", hide_env_values = true)]
    on: Option<String>,
    /// File that the result is appended to
    #[arg(long, value_name = "FILE", default_value = "docs/RESTORE_DRILL_LOG.md")]
    log: PathBuf,
    #[command(flatten)]
    output: Output,
}

#[derive(Serialize)]
struct DrillResult {
    drill: queries::Drill,
    /// The name of the scratch database, which is dropped.
    scratch: String,
    bytes: u64,
    rows: i64,
    backup_age_seconds: i64,
    /// `None`: WAL archiving is off.
    wal_age_seconds: Option<i64>,
    load_seconds: f64,
    verify_seconds: f64,
    visit_seconds: f64,
}

/// Restores the newest backup to a scratch database, which is dropped afterwards, and records the result.
pub async fn run(arguments: Drill) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let backups = config.backups.required()?;
    let backend = connect::backend(&config).await?;
    if config.maintenance || maintenance::is_on(&backend.redis).await? {
        bail!("the service is closed for maintenance, and the copy would be too; run the drill when it is open");
    }
    let progress = progress::bar();
    let manifest = super::backup::latest(&backups).await?;
    let started = backend.clock.now();
    let on = arguments.on.as_ref().unwrap_or(&config.database_url);
    let scratch = Scratch::create(on).await?;
    let steps = restore_and_visit(&config, &backend, &backups, &manifest, &scratch.url, progress.as_ref()).await;
    let name = scratch.name().to_owned();
    let removed = scratch.remove().await.context("the scratch database could not be dropped; drop it by hand");
    drop(progress);
    let steps = steps.and_then(|steps| removed.map(|()| steps));
    let result = record(&backend, &manifest, started, name, steps).await?;
    if result.drill.error.is_empty() {
        retention::mark_verified(&backups.store, &manifest.key, started, result.drill.checks as usize).await?;
    }
    let logged = append(&arguments.log, &result)?;
    match arguments.output.json {
        true => print_json(&result)?,
        false => print(&result, logged.then_some(&arguments.log)),
    }
    match result.drill.error.as_str() {
        "" => Ok(()),
        fault => Err(Unhealthy(format!("the drill failed: {fault}")).into()),
    }
}

/// The number of checks, and how long each step took, in seconds.
#[derive(Default)]
struct Steps {
    checks: usize,
    load: f64,
    verify: f64,
    visit: f64,
    total: f64,
}

async fn restore_and_visit(
    config: &Config,
    backend: &Backend,
    backups: &Backups,
    manifest: &Manifest,
    scratch: &str,
    progress: &dyn Progress,
) -> anyhow::Result<Steps> {
    let started = Instant::now();
    let restored =
        restore::restore(backups, &backend.secrets, &Clock::System, manifest, scratch, false, progress).await?;
    let failed: Vec<_> = restored.report.failed().map(|check| check.name.as_str()).collect();
    if !failed.is_empty() {
        bail!("checks failed: {}", failed.join(", "));
    }
    let verified = started.elapsed().as_secs_f64();
    progress.step("serving, signing in, replying");
    visit::visit(&Config { database_url: scratch.to_owned(), ..config.clone() }).await?;
    let total = started.elapsed().as_secs_f64();
    Ok(Steps {
        checks: restored.report.checks.len(),
        load: restored.load_seconds,
        verify: restored.seconds - restored.load_seconds,
        visit: total - verified,
        total,
    })
}

async fn record(
    backend: &Backend,
    manifest: &Manifest,
    started: chrono::DateTime<chrono::Utc>,
    scratch: String,
    steps: anyhow::Result<Steps>,
) -> anyhow::Result<DrillResult> {
    let age = (started - manifest.at).num_seconds();
    let archive = queries::archive(&backend.db).await.map_err(guestguard::error::Error::into_cause)?;
    let wal = archive.and_then(|archive| archive.age_seconds);
    let (steps, fault) = match steps {
        Ok(steps) => (steps, String::new()),
        Err(cause) => (Steps::default(), format!("{cause:#}")),
    };
    let drill = queries::Drill {
        at: started,
        backup: manifest.key.to_string(),
        error: fault,
        checks: steps.checks as i32,
        rpo_seconds: wal.map_or(age, |wal| wal.min(age)),
        rto_seconds: steps.total.ceil() as i64,
    };
    drills::record(&backend.db, &drill).await.map_err(guestguard::error::Error::into_cause)?;
    Ok(DrillResult {
        drill,
        scratch,
        bytes: manifest.bytes,
        rows: manifest.tables.values().map(|table| table.rows).sum(),
        backup_age_seconds: age,
        wal_age_seconds: wal,
        load_seconds: steps.load,
        verify_seconds: steps.verify,
        visit_seconds: steps.visit,
    })
}

const HEAD: &str = "# Restore drills

Each line is one run of `guestguard drill`: the newest backup was restored to a scratch database, verified and served; a host
signed in and a guest replied. RPO is what would have been lost: changes since the backup, or since the last archived segment of
the write-ahead log if archiving is on.

| when (UTC) | backup | rows | size | age | load | verify | serve and reply | checks | RPO | RTO | result |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
";

/// Appends a line to the log; false: its folder does not exist.
fn append(path: &PathBuf, result: &DrillResult) -> anyhow::Result<bool> {
    if path.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return Ok(false);
    }
    let context = || format!("{} cannot be written", path.display());
    let new = !path.exists();
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).with_context(context)?;
    let drill = &result.drill;
    let verdict = match drill.error.as_str() {
        "" => "passed".to_owned(),
        fault => format!("**failed**: {}", fault.replace(['|', '\n'], " ")),
    };
    let line = format!(
        "| {} | `{}` | {} | {} | {} | {:.1} s | {:.1} s | {:.1} s | {} | {} | {} | {} |\n",
        drill.at.format("%Y-%m-%d %H:%M"),
        drill.backup,
        result.rows,
        size(result.bytes),
        span(result.backup_age_seconds),
        result.load_seconds,
        result.verify_seconds,
        result.visit_seconds,
        drill.checks,
        span(drill.rpo_seconds),
        span(drill.rto_seconds),
        verdict,
    );
    file.write_all(format!("{}{line}", if new { HEAD } else { "" }).as_bytes()).with_context(context)?;
    Ok(true)
}

fn print(result: &DrillResult, log: Option<&PathBuf>) {
    let drill = &result.drill;
    if drill.error.is_empty() {
        say!("Passed: {}, {} old, {} checks.", drill.backup, span(result.backup_age_seconds), drill.checks);
        say!(
            "Loaded in {:.1} s, verified in {:.1} s; served, signed in and replied in {:.1} s.",
            result.load_seconds,
            result.verify_seconds,
            result.visit_seconds
        );
        let target = |actual, target: i64| if actual > target { " (above the target)" } else { "" };
        say!(
            "RPO {}{}, RTO {}{}. The next drill is due within {DRILL_DAYS} days.",
            span(drill.rpo_seconds),
            target(drill.rpo_seconds, RPO_SECONDS),
            span(drill.rto_seconds),
            target(drill.rto_seconds, RTO_SECONDS),
        );
    }
    if let Some(path) = log {
        say!("Result appended to {}.", path.display());
    }
}
