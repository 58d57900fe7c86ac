use std::net::SocketAddr;

use anyhow::Context;
use clap::Args;
use guestguard::webhooks::sns::https_fetch;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::output::say;
use crate::{config::Config, connect, listen, live::Hub, router, shutdown, telemetry};

/// `guestguard serve`.
#[derive(Args)]
pub struct Serve {
    /// Refuse to start on a schema that is not up to date, instead of migrating it.
    #[arg(long, conflicts_with = "migrate_only")]
    no_migrate: bool,
    /// Bring the schema up to date and stop.
    #[arg(long)]
    migrate_only: bool,
    /// Leave the jobs to `guestguard work`.
    #[arg(long)]
    no_work: bool,
}

/// Serves until told to stop.
pub async fn run(serve: Serve) -> anyhow::Result<()> {
    if serve.migrate_only {
        return super::migrate::run().await;
    }
    let config = Config::from_env()?;
    telemetry::log(config.environment);
    let metrics = telemetry::metrics()?;
    let services = connect::services(&config).await?;
    let backend = services.backend.clone();
    schema(&serve, &backend.db).await?;

    let stop = CancellationToken::new();
    tokio::spawn(shutdown::stop_on_signal(stop.clone()));
    let hub = Hub::connect(&config, stop.clone()).await?;
    super::work::follow_maintenance(&backend, &stop).await;
    let worker = match serve.no_work {
        true => None,
        false => Some(tokio::spawn(super::work::until(services.clone(), stop.clone()))),
    };
    if let Some(address) = config.metrics_listen {
        let listener = bind(address).await?;
        let router = telemetry::metrics_router(metrics, services.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
    }
    let router = router::router(&config, services.clone(), hub, https_fetch()?)?;
    let listener = bind(config.listen).await?;
    say!("GuestGuard is ready at {}", config.public_url.as_str().trim_end_matches('/'));

    listen::serve(listener, router, stop).await?;
    if services.accesses.flush().await.is_err() {
        tracing::warn!("the last accesses could not be written");
    }
    if let Some(worker) = worker {
        worker.await?.context("the worker")?;
    }
    tracing::info!("stopped");
    Ok(())
}

async fn schema(serve: &Serve, db: &sqlx::PgPool) -> anyhow::Result<()> {
    if !serve.no_migrate {
        return guestguard::migrations::migrate(db).await;
    }
    let pending = guestguard::migrations::pending(db).await?;
    anyhow::ensure!(pending.is_empty(), "the schema lacks migrations {pending:?}; run `guestguard migrate` first");
    Ok(())
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}; is something else there?"))
}
