//! `guestguard work`: runs jobs and sends messages, without serving.

use std::time::Duration;

use guestguard::{backend::Backend, notifications::worker, services::Services};
use tokio_util::sync::CancellationToken;

use crate::{config::Config, connect, shutdown, telemetry};

/// Delay before a failed worker restarts.
const RESTART_DELAY: Duration = Duration::from_secs(5);

pub async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    telemetry::log(config.environment);
    let services = connect::services(&config).await?;
    let stop = CancellationToken::new();
    tokio::spawn(shutdown::stop_on_signal(stop.clone()));
    follow_maintenance(&services.backend, &stop).await;
    tracing::info!("working");
    work_until(services, stop).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Reads the maintenance mode and follows its changes until `stop`.
pub(super) async fn follow_maintenance(backend: &Backend, stop: &CancellationToken) {
    backend.maintenance.refresh(&backend.redis).await;
    let following = backend.maintenance.clone().watch(backend.redis.clone(), stop.clone().cancelled_owned());
    tokio::spawn(following);
}

/// Sends messages and runs jobs until `stop`. Pauses during maintenance, when nothing may be written.
pub(super) async fn work_until(services: Services, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = services.backend.maintenance.wait_for(false) => {}
        }
        let pause = stop.child_token();
        let closing = tokio::spawn({
            let (maintenance, pause) = (services.backend.maintenance.clone(), pause.clone());
            async move {
                maintenance.wait_for(true).await;
                tracing::info!("closed for maintenance: worker paused");
                pause.cancel();
            }
        });
        let worked = work(&services, pause).await;
        closing.abort();
        if let Err(cause) = worked {
            // The database may be unavailable for a moment, such as during a failover.
            tracing::error!(cause = format!("{cause:#}"), "worker failed; restarting");
            tokio::time::sleep(RESTART_DELAY).await;
        }
    }
    Ok(())
}

async fn work(services: &Services, stop: CancellationToken) -> anyhow::Result<()> {
    let worker = guestguard::registry::worker(services, stop.clone().cancelled_owned()).await?;
    let enqueued = guestguard::billing::jobs::enqueue_reconcile(&services.backend.db).await;
    enqueued.map_err(guestguard::error::Error::into_cause)?;
    let sender = tokio::spawn(worker::run(services.backend.clone(), stop.cancelled_owned()));
    worker.run().await?;
    sender.await?;
    Ok(())
}
