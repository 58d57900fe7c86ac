use clap::Args;
use guestguard::{
    backend::Clock,
    backup::{
        Key,
        restore::{self, Restored, Source},
    },
};

use super::{
    backup::Output,
    output::{NotWell, print_json},
    progress, restore_verify,
};
use crate::config::Restoring;

/// `guestguard restore`.
#[derive(Args)]
pub struct Restore {
    /// `latest`, a backup's key, or `recovery` for a server that was recovered to a point in time already.
    #[arg(long, value_parser = source)]
    from: Source,
    /// The address of the database that is to hold it.
    #[arg(long, value_name = "URL")]
    into: String,
    /// Throw away what that database holds.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    output: Output,
}

fn source(text: &str) -> Result<Source, String> {
    match text {
        "latest" => Ok(Source::Latest),
        "recovery" => Ok(Source::Recovery),
        key => Key::try_from(key.to_owned()).map(Source::Named).map_err(|cause| cause.to_string()),
    }
}

/// Restores a backup into a database, makes it safe to serve, and verifies it.
pub async fn run(asked: Restore) -> anyhow::Result<()> {
    let config = Restoring::from_env()?;
    let (backups, secrets) = (config.backups.required()?, config.secrets()?);
    let watch = progress::watch();
    let restored =
        restore::restore(&backups, &secrets, &Clock::System, &asked.from, &asked.into, asked.replace, watch.as_ref());
    let restored = restored.await;
    drop(watch);
    let restored = restored?;
    if asked.output.json {
        print_json(&restored)?;
    } else {
        tell(&restored);
    }
    match restored.report.failed().count() {
        0 => Ok(()),
        n => Err(NotWell(format!("{n} checks failed; do not serve from this database")).into()),
    }
}

fn tell(restored: &Restored) {
    let (what, shows) = match (&restored.key, restored.shows) {
        (Some(key), Some(at)) => (key.to_string(), format!(" It shows {}.", at.format("%Y-%m-%d %H:%M:%S UTC"))),
        _ => ("What was recovered".to_owned(), String::new()),
    };
    println!("{what} is restored, in {:.1} s.{shows}", restored.seconds);
    println!(
        "{} migrations applied. {} sessions ended: everybody signs in again. {} suppressions and erasures applied again, {} \
         rows erased again. The outbox is paused.",
        restored.migrations, restored.sessions_ended, restored.applied_again, restored.erased_again
    );
    restore_verify::tell(&restored.report, false);
    if restored.report.is_ok() {
        println!(
            "Next: set GG_DATABASE_URL to this database and start `guestguard serve`; look at `guestguard outbox status`, then \
             `guestguard outbox resume` or `guestguard outbox cancel`; `guestguard maintenance off`. docs/RUNBOOK_RESTORE.md \
             has every step."
        );
    }
}
