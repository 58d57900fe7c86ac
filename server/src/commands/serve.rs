//! `guestguard serve`: serves the web site, and runs jobs unless `--no-work` is given.

use std::net::SocketAddr;

use anyhow::Context;
use clap::Args;
use provider_webhooks::sns::HttpsFetch;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::output::say;
use crate::{config::Config, connect, listen, live::Hub, router, shutdown, telemetry};

#[derive(Args)]
pub struct Serve {
    /// Do not migrate; fail if migrations are pending
    #[arg(long, conflicts_with = "migrate_only")]
    no_migrate: bool,
    /// Apply pending migrations and exit
    #[arg(long)]
    migrate_only: bool,
    /// Do not run jobs; `guestguard work` does
    #[arg(long)]
    no_work: bool,
}

/// Serves until SIGINT or SIGTERM.
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
        false => Some(tokio::spawn(super::work::work_until(services.clone(), stop.clone()))),
    };
    if let Some(address) = config.metrics_listen {
        let listener = bind(address).await?;
        let router = telemetry::metrics_router(metrics, services.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
    }
    let router = router::router(&config, services.clone(), hub, HttpsFetch::new()?)?;
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
    anyhow::ensure!(pending.is_empty(), "migrations {pending:?} are pending; run `guestguard migrate` first");
    Ok(())
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; is another process using it?"))
}
