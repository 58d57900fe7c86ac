use guestguard::{backend::Backend, notifications::postman};
use tokio_util::sync::CancellationToken;

use crate::{config::Config, connect, telemetry};

/// `guestguard work`: jobs only, on as many machines as one likes.
pub async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    telemetry::log(config.environment);
    let backend = connect::backend(&config).await?;
    let stop = CancellationToken::new();
    tokio::spawn(super::serve::stop_on_signal(stop.clone()));
    tracing::info!("working");
    until(backend, stop).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Sends messages and works off jobs until `stop`.
pub(super) async fn until(backend: Backend, stop: CancellationToken) -> anyhow::Result<()> {
    let worker = guestguard::jobs::worker(&backend, stop.clone().cancelled_owned()).await?;
    guestguard::jobs::catch_up(&backend.db).await?;
    let postman = tokio::spawn(postman::run(backend, stop.cancelled_owned()));
    worker.run().await?;
    postman.await?;
    Ok(())
}
