use std::io::IsTerminal;

use clap::{Args, Subcommand, ValueEnum};
use guestguard::{
    backup::{self, Backups, Format, Making, keep},
    clock::Clock,
};
use serde_json::json;

use super::{
    output::{NotWell, print_json, say, size, span},
    progress,
};
use crate::config::Source;

/// `guestguard backup`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Backup {
    #[command(subcommand)]
    asked: Option<Asked>,
    /// Keep it until somebody deletes it.
    #[arg(long)]
    manual: bool,
    /// How the dump is written.
    #[arg(long, value_enum, default_value = "plain")]
    format: Written,
    /// Go on although the newest backup is of a database that was restored later: that one was only a copy.
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    output: Output,
}

/// How the outcome is told.
#[derive(Args)]
pub struct Output {
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
enum Asked {
    /// Give up backups older than 30 days: 24 stay at least, the newest verified one stays, and manual ones do.
    Prune {
        /// Only say which.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Say which backups there are.
    List(Output),
    /// Say how old the newest backup is; fails when it is older than 70 minutes or something is wrong.
    Status(Output),
}

#[derive(Clone, Copy, ValueEnum)]
enum Written {
    /// Compressed SQL.
    Plain,
    /// PostgreSQL's archive, for large databases.
    Custom,
}

/// Makes a backup, or looks after those that there are.
pub async fn run(asked: Backup) -> anyhow::Result<()> {
    let source = Source::from_env()?;
    let backups = source.backups.required()?;
    match asked.asked {
        None => make(&source, &backups, &asked).await,
        Some(Asked::Prune { dry_run, output }) => prune(&backups, dry_run, output.json).await,
        Some(Asked::List(output)) => list(&backups, output.json).await,
        Some(Asked::Status(output)) => status(&backups, output.json).await,
    }
}

async fn make(source: &Source, backups: &Backups, asked: &Backup) -> anyhow::Result<()> {
    let format = match asked.format {
        Written::Plain => Format::Plain,
        Written::Custom => Format::Custom,
    };
    let watch = progress::watch();
    let making = Making { manual: asked.manual, format, take_over: asked.take_over };
    let made = backup::back_up(backups, &source.database_url, &Clock::System, making, watch.as_ref()).await;
    drop(watch);
    let manifest = made?;
    if asked.output.json {
        return print_json(&manifest);
    }
    let rows: i64 = manifest.tables.values().map(|tally| tally.rows).sum();
    say!("{}", backups.store.uri(manifest.key.as_str()));
    say!(
        "{rows} rows of {} tables, {} in {:.1} s; read back and found whole.",
        manifest.tables.len(),
        size(manifest.bytes),
        manifest.seconds
    );
    Ok(())
}

async fn prune(backups: &Backups, dry: bool, json: bool) -> anyhow::Result<()> {
    let given_up = keep::prune(&backups.store, Clock::System.now(), dry).await?;
    if json {
        return print_json(&json!({ "dry_run": dry, "given_up": given_up }));
    }
    for key in &given_up {
        say!("{key}");
    }
    say!("{} {}.", given_up.len(), if dry { "would be given up" } else { "given up" });
    Ok(())
}

async fn list(backups: &Backups, json: bool) -> anyhow::Result<()> {
    let all = keep::list(&backups.store).await?;
    if json {
        return print_json(&all);
    }
    for kept in &all {
        let verified =
            kept.verified_at.map(|at| format!("  verified {}", at.format("%Y-%m-%d %H:%M"))).unwrap_or_default();
        say!("{:<44}  {:>10}{verified}", kept.key.as_str(), size(kept.bytes));
    }
    if all.is_empty() && std::io::stdout().is_terminal() {
        say!("There is no backup yet; `guestguard backup` makes one.");
    }
    Ok(())
}

async fn status(backups: &Backups, json: bool) -> anyhow::Result<()> {
    let status = keep::status(&backups.store, Clock::System.now()).await?;
    if json {
        print_json(&status)?;
    } else {
        if let (Some(newest), Some(age)) = (&status.newest, status.age_seconds) {
            let usual = status.usual_bytes.map(|bytes| format!(", {} is usual", size(bytes))).unwrap_or_default();
            say!("Newest: {}, {} old, {}{usual}.", newest.key, span(age), size(newest.bytes));
        }
        match (&status.verified, status.verified_age_seconds) {
            (Some(key), Some(age)) => say!("Last verified: {key}, {} ago.", span(age)),
            _ => say!("None was verified yet; `guestguard drill` does it."),
        }
        say!("Backups that are kept: {}.", status.backups);
    }
    match status.faults.is_empty() {
        true => Ok(()),
        false => Err(NotWell(status.faults.join("; ")).into()),
    }
}
