//! Registry: every job and its schedule, for the worker only.

use std::future::Future;

use graphile_worker::Worker;
use serde::{Deserialize, Serialize};

use crate::{
    auth::{self, jobs::HandleAccountEvent},
    backup::jobs::{CreateBackup, ShipErasureLog},
    billing::jobs::{CloseCustomer, ReconcileSubscriptions, RefreshSubscriptions},
    error::Result,
    guests, imports,
    notifications::{self, jobs::SendCampaigns},
    privacy::{self, jobs::PrepareExport},
    queue::{self, Job, JobContext, WorkerBuilder},
    services::Services,
};

/// A worker that runs all jobs until `stop` resolves.
pub async fn worker(services: &Services, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<Worker> {
    let worker = WorkerBuilder::new(&services.backend)
        .provide(services.backups.clone())
        .scheduled::<EnforceRetention>("17 * * * *", "")
        .scheduled::<SendCampaigns>("*/5 * * * *", "")
        .scheduled::<ReconcileSubscriptions>("41 * * * *", "")
        .scheduled::<ShipErasureLog>("* * * * *", "?max=1")
        .job::<HandleAccountEvent>()
        .job::<RefreshSubscriptions>()
        .job::<CloseCustomer>()
        .job::<PrepareExport>();
    let hourly = services.backups.as_ref().is_some_and(|backups| backups.hourly);
    // Two attempts; after that the next hour tries again, and monitoring reports that the backup is late.
    let worker = if hourly {
        worker.scheduled::<CreateBackup>("7 * * * *", "?max=2&fill=50m")
    } else {
        worker.job::<CreateBackup>()
    };
    worker.build(stop).await
}

/// Deletes what has expired: deleted guests after their undo window, guests of past events, uploads, sessions, tokens,
/// deleted accounts, failed jobs that identify a person.
#[derive(Debug, Serialize, Deserialize)]
pub struct EnforceRetention;

impl Job for EnforceRetention {
    const NAME: &'static str = "enforce_retention";

    async fn run(self, context: &JobContext) -> Result<()> {
        let backend = context.backend()?;
        guests::actions::purge_deleted(backend).await?;
        notifications::provider_events::delete_old_keys(backend).await?;
        imports::actions::delete_expired(backend).await?;
        privacy::actions::send_retention_notices(backend).await?;
        privacy::actions::anonymise_due(backend).await?;
        privacy::actions::remove_deleted(backend).await?;
        privacy::export::delete_expired(backend).await?;
        queue::delete_failed::<HandleAccountEvent>(&backend.db, 7).await?;
        queue::delete_failed::<CloseCustomer>(&backend.db, 30).await?;
        auth::actions::delete_expired(backend).await
    }
}

#[cfg(test)]
mod tests {
    use super::EnforceRetention;

    #[test]
    fn a_scheduled_job_reads_the_payload_that_the_schedule_gives() {
        assert!(serde_json::from_value::<EnforceRetention>(serde_json::Value::Null).is_ok());
    }
}
