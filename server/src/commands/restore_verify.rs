//! `guestguard restore-verify`: checks that a database is complete and consistent.

use clap::Args;
use guestguard::backup::{
    erasure_log,
    verify::{self, VerifyOptions, VerifyReport},
};

use super::{
    backup::{Output, manifest},
    output::{Unhealthy, count, print_json, say},
};
use crate::{
    config::{self, RestoreConfig},
    connect,
};

#[derive(Args)]
pub struct RestoreVerify {
    /// Print every check, not only those that fail
    #[arg(long)]
    verbose: bool,
    /// Check every page of every index and table too, by the extension amcheck; needs a superuser, and blocks writes
    #[arg(long)]
    deep: bool,
    /// Omit the checks that pass only right after a restore, for a database that is already serving
    #[arg(long, conflicts_with = "deep")]
    live: bool,
    /// Compare the database with this backup: `latest` or its key
    #[arg(long, value_name = "KEY")]
    manifest: Option<String>,
    #[command(flatten)]
    output: Output,
}

pub async fn run(arguments: RestoreVerify) -> anyhow::Result<()> {
    let config = RestoreConfig::from_env()?;
    let (db, secrets) =
        (connect::database(&config.database_url()?, config::DATABASE_CONNECTIONS).await?, config.secrets()?);
    let backups = config.backups.open()?;
    let manifest = match &arguments.manifest {
        None => None,
        Some(key) => Some(manifest(&config.backups.required()?, key).await?),
    };
    let entries = match &backups {
        Some(backups) => Some(erasure_log::read(&backups.store).await?),
        None => None,
    };
    let options = VerifyOptions {
        manifest: manifest.as_ref(),
        erasure_log: entries.as_deref(),
        secrets: &secrets,
        serving: arguments.live,
        deep: arguments.deep,
    };
    let report = verify::run(&mut *db.acquire().await?, &options).await?;
    match arguments.output.json {
        true => print_json(&report)?,
        false => print(&report, arguments.verbose),
    }
    match report.failed().count() {
        0 => Ok(()),
        n => Err(Unhealthy(format!("{n} of {} checks failed", report.checks.len())).into()),
    }
}

/// Prints the checks that failed; with `verbose`, all.
pub(super) fn print(report: &VerifyReport, verbose: bool) {
    for check in &report.checks {
        let detail = if check.detail.is_empty() { String::new() } else { format!(" ({})", check.detail) };
        if check.faults != 0 {
            let violations = count(check.faults, "violation");
            say!("  FAILED  {}: {}; {violations}{detail}", check.name, check.says);
        } else if verbose {
            say!("  ok      {}: {}{detail}", check.name, check.says);
        }
    }
    if report.is_ok() {
        say!("All {} checks passed.", report.checks.len());
    }
}
