use anyhow::{Context, bail};
use clap::Args;
use guestguard::{
    backup::{
        Backups, Key, Manifest, Progress, journal, keep,
        restore::{self, Restored},
    },
    clock::Clock,
};

use super::{
    backup::Output,
    output::{NotWell, print_json, say},
    progress, restore_verify,
};
use crate::config::Restoring;

/// `guestguard restore`.
#[derive(Args)]
pub struct Restore {
    /// `latest`, a backup's key, or `recovery` for a server that was recovered to a point in time already.
    #[arg(long, value_parser = source)]
    from: Source,
    /// The address of the database that is to hold it. In the environment it is seen by nobody else.
    #[arg(long, value_name = "URL", env = "GG_RESTORE_INTO", hide_env_values = true)]
    into: String,
    /// Throw away what that database holds.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    output: Output,
}

/// What a restore starts from.
#[derive(Clone)]
enum Source {
    /// The backup that the pointers name.
    Latest,
    Named(Key),
    /// A server that was recovered to a point in time already: only what follows on loading is done.
    Recovery,
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
    let watch = progress::watch();
    let restored = from(&config, &asked, watch.as_ref()).await;
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

async fn from(config: &Restoring, asked: &Restore, watch: &dyn Progress) -> anyhow::Result<Restored> {
    let secrets = config.secrets()?;
    let backups = match asked.from {
        Source::Recovery => config.backups.open()?,
        _ => Some(config.backups.required()?),
    };
    let manifest = match (&asked.from, &backups) {
        (Source::Latest, Some(backups)) => Some(latest(backups).await?),
        (Source::Named(key), Some(backups)) => Some(keep::named(&backups.store, key).await?),
        _ => None,
    };
    let (Some(backups), Some(manifest)) = (&backups, &manifest) else {
        // Where nothing says where backups go, there is no journal either.
        let entries = match &backups {
            Some(backups) => journal::read(&backups.store).await?,
            None => Vec::new(),
        };
        let source = "a recovery to a point in time";
        return restore::settle(&entries, &secrets, &Clock::System, source, &asked.into, watch).await;
    };
    if let Ok(live) = config.database_url()
        && restore::is_same(&live, &asked.into).await
    {
        bail!("the target is the database of GG_DATABASE_URL, which a restore never touches; restore into a fresh one");
    }
    restore::restore(backups, &secrets, &Clock::System, manifest, &asked.into, asked.replace, watch).await
}

/// The newest backup.
pub(super) async fn latest(backups: &Backups) -> anyhow::Result<Manifest> {
    let latest = keep::latest(&backups.store).await?;
    latest.context("there is no backup yet; run `guestguard backup`")
}

fn tell(restored: &Restored) {
    let (what, shows) = match (&restored.key, restored.shows) {
        (Some(key), Some(at)) => (key.to_string(), format!(" It shows {}.", at.format("%Y-%m-%d %H:%M:%S UTC"))),
        _ => ("What was recovered".to_owned(), String::new()),
    };
    say!("{what} is restored, in {:.1} s.{shows}", restored.seconds);
    say!(
        "{} migrations applied. {} sessions ended: everybody signs in again. {} suppressions and erasures applied again, {} \
         rows erased again. The outbox is paused.",
        restored.migrations,
        restored.sessions_ended,
        restored.applied_again,
        restored.erased_again
    );
    restore_verify::tell(&restored.report, false);
    if restored.report.is_ok() {
        say!(
            "Next: set GG_DATABASE_URL to this database and start `guestguard serve`; look at `guestguard outbox status`, then \
             `guestguard outbox resume` or `guestguard outbox cancel`; `guestguard maintenance off`. docs/RUNBOOK_RESTORE.md \
             has every step."
        );
    }
}
