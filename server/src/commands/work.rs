use tokio_util::sync::CancellationToken;

use crate::{config::Config, connect, telemetry};

/// `guestguard work`: jobs only, on as many machines as one likes.
pub async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    telemetry::log(config.environment);
    let backend = connect::backend(&config).await?;
    let stop = CancellationToken::new();
    tokio::spawn(super::serve::stop_on_signal(stop.clone()));
    let worker = guestguard::jobs::worker(&backend, stop.cancelled_owned()).await?;
    tracing::info!("working");
    worker.run().await?;
    tracing::info!("stopped");
    Ok(())
}
