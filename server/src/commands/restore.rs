//! `guestguard restore`: restores a backup, makes it safe to serve, and verifies it.

use anyhow::bail;
use clap::Args;
use guestguard::{
    backup::{
        erasure_log,
        restore::{self, Restored},
    },
    clock::Clock,
};
use pg_backup::{Key, Progress, retention};

use super::{
    backup::{Output, latest},
    output::{Unhealthy, count, print_json, say},
    progress, restore_verify,
};
use crate::config::RestoreConfig;

#[derive(Args)]
pub struct Restore {
    /// `latest`, the key of a backup, or `recovery` for a database that was already recovered to a point in time
    #[arg(long, value_parser = restore_source)]
    from: RestoreSource,
    /// URL of the target database; in the environment, other users of the machine cannot see it
    #[arg(long, value_name = "URL", env = "GG_RESTORE_INTO", hide_env_values = true)]
    into: String,
    /// Delete the contents of the target database first
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone)]
enum RestoreSource {
    /// The backup that the latest pointer names.
    Latest,
    Key(Key),
    /// A database that was already recovered to a point in time: nothing is loaded.
    Recovery,
}

fn restore_source(text: &str) -> Result<RestoreSource, String> {
    match text {
        "latest" => Ok(RestoreSource::Latest),
        "recovery" => Ok(RestoreSource::Recovery),
        key => Key::try_from(key.to_owned())
            .map(RestoreSource::Key)
            .map_err(|cause| format!("{cause}; `guestguard backup list` shows the keys")),
    }
}

pub async fn run(arguments: Restore) -> anyhow::Result<()> {
    let config = RestoreConfig::from_env()?;
    let progress = progress::bar();
    let result = restore(&config, &arguments, progress.as_ref()).await;
    drop(progress);
    let restored = result?;
    if arguments.output.json {
        print_json(&restored)?;
    } else {
        print(&restored);
    }
    match restored.report.failed().count() {
        0 => Ok(()),
        n => Err(Unhealthy(format!("{} failed; do not serve this database", count(n, "check"))).into()),
    }
}

async fn restore(config: &RestoreConfig, arguments: &Restore, progress: &dyn Progress) -> anyhow::Result<Restored> {
    let secrets = config.secrets()?;
    let backups = match arguments.from {
        RestoreSource::Recovery => config.backups.open()?,
        _ => Some(config.backups.required()?),
    };
    let manifest = match (&arguments.from, &backups) {
        (RestoreSource::Latest, Some(backups)) => Some(latest(backups).await?),
        (RestoreSource::Key(key), Some(backups)) => Some(retention::manifest(&backups.store, key).await?),
        _ => None,
    };
    let (Some(backups), Some(manifest)) = (&backups, &manifest) else {
        // Without a store there is no erasure log either.
        let entries = match &backups {
            Some(backups) => erasure_log::read(&backups.store).await?,
            None => Vec::new(),
        };
        let source = "point-in-time recovery";
        return restore::finalise(&entries, &secrets, &Clock::System, source, &arguments.into, progress).await;
    };
    if let Ok(live) = config.database_url()
        && restore::is_same(&live, &arguments.into).await
    {
        bail!(
            "the target is the database of GG_DATABASE_URL, which a restore never changes; restore to a new database"
        );
    }
    restore::restore(backups, &secrets, &Clock::System, manifest, &arguments.into, arguments.replace, progress).await
}

fn print(restored: &Restored) {
    match (&restored.key, restored.shows) {
        (Some(key), Some(at)) => {
            say!("Restored {key} in {:.1} s. Data as of {}.", restored.seconds, at.format("%Y-%m-%d %H:%M:%S UTC"))
        }
        _ => say!("Prepared the recovered database in {:.1} s.", restored.seconds),
    }
    say!("Migrations applied: {}", restored.migrations);
    say!("Sessions ended: {}. All users must sign in again.", restored.sessions_ended);
    say!("Suppressions and erasures applied again: {}", restored.applied_again);
    say!("People erased again: {}", restored.erased_again);
    say!("The outbox is paused.");
    restore_verify::print(&restored.report, false);
    if restored.report.is_ok() {
        say!(
            "Next steps (details in docs/RUNBOOK_RESTORE.md):\n  \
             1. Set GG_DATABASE_URL to this database and start `guestguard serve`.\n  \
             2. Check `guestguard outbox status`, then run `guestguard outbox resume` or `guestguard outbox cancel`.\n  \
             3. Run `guestguard maintenance off`."
        );
    }
}
