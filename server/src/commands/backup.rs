//! `guestguard backup`: makes, lists and prunes backups, and reports their status.

use std::io::IsTerminal;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use guestguard::{
    backup::{self, Backups, status},
    clock::Clock,
};
use pg_backup::{BackupOptions, Format, Key, Manifest, retention};
use serde_json::json;

use super::{
    output::{Unhealthy, count, print_json, say, size, span},
    progress,
};
use crate::config::BackupConfig;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Backup {
    #[command(subcommand)]
    command: Option<BackupCommand>,
    /// Keep this backup until somebody deletes it
    #[arg(long)]
    manual: bool,
    /// Format of the dump
    #[arg(long, value_enum, default_value = "plain")]
    format: DumpFormat,
    /// Back up even if the newest backup comes from a database that was restored later than this one
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    output: Output,
}

/// The output format.
#[derive(Args)]
pub struct Output {
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
enum BackupCommand {
    /// Delete backups older than 30 days, except the newest 24, the newest verified one and manual ones
    Prune {
        /// Only print what would be deleted
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        output: Output,
    },
    /// List the backups
    List(Output),
    /// Show the status of the backups; fails if the newest one is older than 70 minutes or something is wrong
    Status(Output),
}

#[derive(Clone, Copy, ValueEnum)]
enum DumpFormat {
    /// Compressed SQL
    Plain,
    /// PostgreSQL's archive, for large databases
    Custom,
}

pub async fn run(arguments: Backup) -> anyhow::Result<()> {
    let config = BackupConfig::from_env()?;
    let backups = config.backups.required()?;
    match arguments.command {
        None => back_up(&config, &backups, &arguments).await,
        Some(BackupCommand::Prune { dry_run, output }) => prune(&backups, dry_run, output.json).await,
        Some(BackupCommand::List(output)) => list(&backups, output.json).await,
        Some(BackupCommand::Status(output)) => status(&backups, output.json).await,
    }
}

async fn back_up(config: &BackupConfig, backups: &Backups, arguments: &Backup) -> anyhow::Result<()> {
    let format = match arguments.format {
        DumpFormat::Plain => Format::Plain,
        DumpFormat::Custom => Format::Custom,
    };
    let (manual, take_over) = (arguments.manual, arguments.take_over);
    let options = BackupOptions { manual, format, take_over, ..BackupOptions::default() };
    let progress = progress::bar();
    let result = backup::back_up(backups, &config.database_url, &Clock::System, options, progress.as_ref()).await;
    drop(progress);
    let manifest = result?;
    if arguments.output.json {
        return print_json(&manifest);
    }
    let rows: i64 = manifest.tables.values().map(|table| table.rows).sum();
    say!(
        "Backed up {} with {} to {}",
        count(manifest.tables.len(), "table"),
        count(rows, "row"),
        backups.store.uri(manifest.key.as_str())
    );
    say!("{} in {:.1} s. The dump was read back and is complete.", size(manifest.bytes), manifest.seconds);
    Ok(())
}

async fn prune(backups: &Backups, dry_run: bool, json: bool) -> anyhow::Result<()> {
    let expired = backup::prune(&backups.store, Clock::System.now(), dry_run).await?;
    if json {
        return print_json(&json!({ "dry_run": dry_run, "expired": expired }));
    }
    for key in &expired {
        say!("{key}");
    }
    match dry_run {
        true => say!("Would delete {}.", count(expired.len(), "expired backup")),
        false => say!("Deleted {}.", count(expired.len(), "expired backup")),
    }
    Ok(())
}

async fn list(backups: &Backups, json: bool) -> anyhow::Result<()> {
    let all = retention::list(&backups.store).await?;
    if json {
        return print_json(&all);
    }
    for backup in &all {
        let verified =
            backup.verified_at.map(|at| format!("  verified {}", at.format("%Y-%m-%d %H:%M"))).unwrap_or_default();
        say!("{:<44}  {:>10}{verified}", backup.key.as_str(), size(backup.bytes));
    }
    if all.is_empty() && std::io::stdout().is_terminal() {
        say!("There is no backup yet. Run `guestguard backup` to make one.");
    }
    Ok(())
}

async fn status(backups: &Backups, json: bool) -> anyhow::Result<()> {
    let status = status::status(&backups.store, Clock::System.now()).await?;
    if json {
        print_json(&status)?;
    } else {
        if let (Some(newest), Some(age)) = (&status.newest, status.age_seconds) {
            let usual = status.usual_bytes.map(|bytes| format!(" (usually {})", size(bytes))).unwrap_or_default();
            say!("Newest backup: {}, {} old, {}{usual}", newest.key, span(age), size(newest.bytes));
        }
        match (&status.verified, status.verified_age_seconds) {
            (Some(key), Some(age)) => say!("Last verified: {key}, {} ago", span(age)),
            _ => say!("No backup has been verified yet. Run `guestguard drill`."),
        }
        say!("Backups: {}", status.backups);
    }
    match status.faults.is_empty() {
        true => Ok(()),
        false => Err(Unhealthy(status.faults.join("; ")).into()),
    }
}

/// The newest backup.
pub(super) async fn latest(backups: &Backups) -> anyhow::Result<Manifest> {
    let latest = retention::latest(&backups.store).await?;
    latest.context("there is no backup yet; run `guestguard backup`")
}

/// The backup with this key, or the newest one for `latest`.
pub(super) async fn manifest(backups: &Backups, key: &str) -> anyhow::Result<Manifest> {
    match key {
        "latest" => latest(backups).await,
        key => retention::manifest(&backups.store, &Key::try_from(key.to_owned())?).await,
    }
}
