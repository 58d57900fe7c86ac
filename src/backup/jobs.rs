//! Backup jobs: the hourly backup, and shipping the erasure log.

use std::time::Duration;

use anyhow::{Context, anyhow};
use pg_backup::{BackupOptions, NoProgress};
use serde::{Deserialize, Serialize};
use sqlx::ConnectOptions;

use super::{Backups, back_up, describe, erasure_log, prune};
use crate::{
    error::Result,
    queue::{Job, JobContext},
};

/// The next hourly backup must not find this one still running.
const TIMEOUT: Duration = Duration::from_secs(50 * 60);

/// Makes the hourly backup and prunes expired ones.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateBackup;

impl Job for CreateBackup {
    const NAME: &'static str = "create_backup";

    async fn run(self, context: &JobContext) -> Result<()> {
        let (backend, backups) = (context.backend()?, context.get::<Option<Backups>>()?);
        let Some(backups) = backups else { return Ok(()) };
        let url = backend.db.connect_options().to_url_lossy();
        let result = async {
            let backup = back_up(backups, url.as_str(), &backend.clock, BackupOptions::default(), &NoProgress);
            let manifest = tokio::time::timeout(TIMEOUT, backup)
                .await
                .context("the backup took longer than 50 minutes; run `guestguard backup` to see why")??;
            tracing::info!(key = %manifest.key, bytes = manifest.bytes, seconds = manifest.seconds, "backed up");
            prune(&backups.store, backend.clock.now(), false).await
        };
        result.await.map(|_| ()).map_err(|cause| anyhow!(describe(&cause)).into())
    }
}

/// Ships the erasure log to the backup store.
#[derive(Debug, Serialize, Deserialize)]
pub struct ShipErasureLog;

impl Job for ShipErasureLog {
    const NAME: &'static str = "ship_erasure_log";

    async fn run(self, context: &JobContext) -> Result<()> {
        let backend = context.backend()?;
        match context.get::<Option<Backups>>()? {
            Some(backups) => {
                let shipped = erasure_log::ship(&mut *backend.db.acquire().await?, &backups.store).await;
                shipped.context("the erasure log could not be shipped")?;
            }
            None => erasure_log::delete_unshipped(&backend.db).await?,
        }
        Ok(())
    }
}
