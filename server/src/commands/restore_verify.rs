use clap::Args;
use guestguard::backup::{
    Backups, Key, Manifest, journal, keep,
    verify::{self, Against, Report},
};

use super::{
    backup::Output,
    output::{NotWell, print_json, say},
    restore,
};
use crate::{
    config::{self, Restoring},
    connect,
};

/// `guestguard restore-verify`.
#[derive(Args)]
pub struct RestoreVerify {
    /// Name every check, not only those that fail.
    #[arg(long)]
    verbose: bool,
    /// Look at every page of every index and table as well; as a superuser, by the extension
    /// amcheck. Writers wait meanwhile.
    #[arg(long)]
    deep: bool,
    /// The database serves already: leave out what holds only right after a restore.
    #[arg(long, conflicts_with = "deep")]
    live: bool,
    /// Compare with what this backup held: `latest` or its key.
    #[arg(long, value_name = "KEY")]
    manifest: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// Checks the database at `GG_DATABASE_URL`: the gate after a restore.
pub async fn run(asked: RestoreVerify) -> anyhow::Result<()> {
    let config = Restoring::from_env()?;
    let (db, secrets) =
        (connect::database(&config.database_url()?, config::DATABASE_CONNECTIONS).await?, config.secrets()?);
    let backups = config.backups.open()?;
    let manifest = match &asked.manifest {
        None => None,
        Some(key) => Some(manifest(&config.backups.required()?, key).await?),
    };
    let entries = match &backups {
        Some(backups) => Some(journal::read(&backups.store).await?),
        None => None,
    };
    let against = Against {
        manifest: manifest.as_ref(),
        journal: entries.as_deref(),
        secrets: &secrets,
        live: asked.live,
        deep: asked.deep,
    };
    let report = verify::run(&mut *db.acquire().await?, &against).await?;
    match asked.output.json {
        true => print_json(&report)?,
        false => tell(&report, asked.verbose),
    }
    match report.failed().count() {
        0 => Ok(()),
        n => Err(NotWell(format!("{n} of {} checks failed", report.checks.len())).into()),
    }
}

async fn manifest(backups: &Backups, key: &str) -> anyhow::Result<Manifest> {
    match key {
        "latest" => restore::latest(backups).await,
        key => keep::named(&backups.store, &Key::try_from(key.to_owned())?).await,
    }
}

/// Says what came of the checks.
pub(super) fn tell(report: &Report, verbose: bool) {
    for check in &report.checks {
        let detail = if check.detail.is_empty() { String::new() } else { format!(" ({})", check.detail) };
        if check.faults != 0 {
            let fit = if check.faults == 1 { "1 does" } else { &format!("{} do", check.faults) };
            say!("  FAILED  {}: {}; {fit} not fit{detail}", check.name, check.says);
        } else if verbose {
            say!("  ok      {}: {}{detail}", check.name, check.says);
        }
    }
    if report.is_ok() {
        say!("OK: all {} checks passed", report.checks.len());
    }
}
