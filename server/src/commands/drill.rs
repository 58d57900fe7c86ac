use std::{io::Write, path::PathBuf, time::Instant};

use anyhow::{Context, bail};
use clap::Args;
use guestguard::{
    backend::Backend,
    backup::{
        self, Backups, DRILL_DAYS, Manifest, Progress,
        drills::{self, Scratch},
        keep, queries, restore,
    },
    clock::Clock,
    maintenance,
};
use serde::Serialize;

use super::{
    backup::Output,
    output::{NotWell, print_json, say, size, span},
    progress,
};
use crate::{config::Config, connect};

/// What a host and a guest do first.
mod visit;

/// `guestguard drill`.
#[derive(Args)]
pub struct Drill {
    /// The server on which the scratch database is made; otherwise that of GG_DATABASE_URL.
    #[arg(long, value_name = "URL", env = "GG_DRILL_ON", hide_env_values = true)]
    on: Option<String>,
    /// The file that the drill is written down in.
    #[arg(long, value_name = "FILE", default_value = "docs/RESTORE_DRILL_LOG.md")]
    log: PathBuf,
    #[command(flatten)]
    output: Output,
}

/// How a drill went.
#[derive(Serialize)]
struct Outcome {
    drill: queries::Drill,
    /// The database that it used, which is gone.
    scratch: String,
    bytes: u64,
    rows: i64,
    backup_age_seconds: i64,
    /// `None`: the server archives no write-ahead log.
    wal_age_seconds: Option<i64>,
    load_seconds: f64,
    verify_seconds: f64,
    visit_seconds: f64,
}

/// Rehearses a restore to the end: a host signs in and a guest answers on the restored copy. Everything of it is taken
/// away again, and how it went is written down.
pub async fn run(asked: Drill) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let backups = config.backups.required()?;
    let backend = connect::backend(&config).await?;
    if config.maintenance || maintenance::is_on(&backend.redis).await? {
        bail!("the service is closed for maintenance, and so would be the copy; drill when it is open");
    }
    let watch = progress::watch();
    let manifest = super::restore::latest(&backups).await?;
    let begun = backend.clock.now();
    let on = asked.on.as_ref().unwrap_or(&config.database_url);
    let scratch = Scratch::create(on).await?;
    let rehearsed = rehearse(&config, &backend, &backups, &manifest, &scratch.url, watch.as_ref()).await;
    let name = scratch.name().to_owned();
    let removed = scratch.remove().await.context("the scratch database stays and must be dropped by hand");
    drop(watch);
    let rehearsed = rehearsed.and_then(|rehearsed| removed.map(|()| rehearsed));
    let outcome = write_down(&backend, &manifest, begun, name, rehearsed).await?;
    if outcome.drill.fault.is_empty() {
        keep::note_verified(&backups.store, &manifest.key, begun, outcome.drill.checks as usize).await?;
    }
    let logged = log(&asked.log, &outcome)?;
    match asked.output.json {
        true => print_json(&outcome)?,
        false => tell(&outcome, logged.then_some(&asked.log)),
    }
    match outcome.drill.fault.as_str() {
        "" => Ok(()),
        fault => Err(NotWell(format!("the drill failed: {fault}")).into()),
    }
}

/// How long the steps took, in seconds.
struct Rehearsed {
    checks: usize,
    load: f64,
    verify: f64,
    visit: f64,
    whole: f64,
}

async fn rehearse(
    config: &Config,
    backend: &Backend,
    backups: &Backups,
    manifest: &Manifest,
    scratch: &str,
    watch: &dyn Progress,
) -> anyhow::Result<Rehearsed> {
    let begun = Instant::now();
    let restored = restore::restore(backups, &backend.secrets, &Clock::System, manifest, scratch, false, watch).await?;
    let failed: Vec<_> = restored.report.failed().map(|check| check.name.as_str()).collect();
    if !failed.is_empty() {
        bail!("checks failed: {}", failed.join(", "));
    }
    let verified = begun.elapsed().as_secs_f64();
    watch.step("serving, signing in, answering");
    visit::visit(&Config { database_url: scratch.to_owned(), ..config.clone() }).await?;
    let whole = begun.elapsed().as_secs_f64();
    Ok(Rehearsed {
        checks: restored.report.checks.len(),
        load: restored.load_seconds,
        verify: restored.seconds - restored.load_seconds,
        visit: whole - verified,
        whole,
    })
}

async fn write_down(
    backend: &Backend,
    manifest: &Manifest,
    begun: chrono::DateTime<chrono::Utc>,
    scratch: String,
    rehearsed: anyhow::Result<Rehearsed>,
) -> anyhow::Result<Outcome> {
    let age = (begun - manifest.at).num_seconds();
    let archive = queries::archive(&backend.db).await.map_err(guestguard::error::Error::into_cause)?;
    let wal = archive.and_then(|archive| archive.age_seconds);
    let (steps, fault) = match rehearsed {
        Ok(steps) => (steps, String::new()),
        Err(cause) => (Rehearsed { checks: 0, load: 0.0, verify: 0.0, visit: 0.0, whole: 0.0 }, format!("{cause:#}")),
    };
    let drill = queries::Drill {
        at: begun,
        backup: manifest.key.to_string(),
        fault,
        checks: steps.checks as i32,
        rpo_seconds: wal.map_or(age, |wal| wal.min(age)),
        rto_seconds: steps.whole.ceil() as i64,
    };
    drills::record(&backend.db, &drill).await.map_err(guestguard::error::Error::into_cause)?;
    Ok(Outcome {
        drill,
        scratch,
        bytes: manifest.bytes,
        rows: manifest.tables.values().map(|tally| tally.rows).sum(),
        backup_age_seconds: age,
        wal_age_seconds: wal,
        load_seconds: steps.load,
        verify_seconds: steps.verify,
        visit_seconds: steps.visit,
    })
}

const HEAD: &str = "# Restore drills

Each line is one run of `guestguard drill`: the newest backup restored into a scratch database, verified, served, a host
signed in and a guest answered. RPO is what would have been lost: since the backup, or since the last archived piece of the
write-ahead log where the server archives it.

| when (UTC) | backup | rows | size | age | load | verify | serve and answer | checks | RPO | RTO | result |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
";

/// Appends a line to the log; false: there is no folder for it here.
fn log(path: &PathBuf, outcome: &Outcome) -> anyhow::Result<bool> {
    if path.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return Ok(false);
    }
    let named = || format!("{} cannot be written", path.display());
    let fresh = !path.exists();
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).with_context(named)?;
    let drill = &outcome.drill;
    let result = match drill.fault.as_str() {
        "" => "passed".to_owned(),
        fault => format!("**failed**: {}", fault.replace(['|', '\n'], " ")),
    };
    let line = format!(
        "| {} | `{}` | {} | {} | {} | {:.1} s | {:.1} s | {:.1} s | {} | {} | {} | {} |\n",
        drill.at.format("%Y-%m-%d %H:%M"),
        drill.backup,
        outcome.rows,
        size(outcome.bytes),
        span(outcome.backup_age_seconds),
        outcome.load_seconds,
        outcome.verify_seconds,
        outcome.visit_seconds,
        drill.checks,
        span(drill.rpo_seconds),
        span(drill.rto_seconds),
        result,
    );
    file.write_all(format!("{}{line}", if fresh { HEAD } else { "" }).as_bytes()).with_context(named)?;
    Ok(true)
}

fn tell(outcome: &Outcome, log: Option<&PathBuf>) {
    let drill = &outcome.drill;
    if drill.fault.is_empty() {
        say!(
            "{}, {} old, is whole: {} checks passed, a host signed in and a guest answered.",
            drill.backup,
            span(outcome.backup_age_seconds),
            drill.checks
        );
        say!(
            "Loaded in {:.1} s, verified in {:.1} s, served and answered in {:.1} s.",
            outcome.load_seconds,
            outcome.verify_seconds,
            outcome.visit_seconds
        );
        let over = |achieved, target: i64| if achieved > target { " (over the target)" } else { "" };
        say!(
            "RPO {}{}, RTO {}{}. The next drill is due within {DRILL_DAYS} days.",
            span(drill.rpo_seconds),
            over(drill.rpo_seconds, backup::MOST_LOST_SECONDS),
            span(drill.rto_seconds),
            over(drill.rto_seconds, backup::LONGEST_AWAY_SECONDS),
        );
    }
    if let Some(path) = log {
        say!("Written down in {}.", path.display());
    }
}
