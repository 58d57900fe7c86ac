//! Connections of one process: PostgreSQL, Redis, transports, Stripe and the backup store.

use std::time::Duration;

use anyhow::Context;
use fred::prelude::*;
use guestguard::{
    backend::Backend,
    backup::Operators,
    clock::Clock,
    database,
    invitations::accesses::AccessLog,
    links::Links,
    live::Live,
    maintenance::Maintenance,
    rate_limits::{Limit, RateLimits},
    redis::Redis,
    secrets::Secrets,
    services::Services,
};
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::config::Config;

/// Longest wait for a connection to PostgreSQL: people learn within a second that the service is unavailable.
const TIMEOUT: Duration = Duration::from_millis(900);
/// Connections to Redis of one node.
const REDIS_CONNECTIONS: usize = 4;

/// Connects what verbs need.
pub async fn backend(config: &Config) -> anyhow::Result<Backend> {
    build_backend(config, database(&config.database_url, config.database_connections).await?).await
}

/// Connects everything that one process needs.
pub async fn services(config: &Config) -> anyhow::Result<Services> {
    let db = database(&config.database_url, config.database_connections).await?;
    build_services(config, db).await
}

/// Connects everything else that one process needs beside the database.
pub async fn build_services(config: &Config, db: PgPool) -> anyhow::Result<Services> {
    let backend = build_backend(config, db).await?;
    Ok(Services {
        accesses: AccessLog::start(backend.clone()),
        backend,
        backups: config.backups.open()?,
        operators: Operators::new(config.operators.clone()),
    })
}

async fn build_backend(config: &Config, db: PgPool) -> anyhow::Result<Backend> {
    let redis = redis(config).await?;
    let secrets = Secrets::from_key(&config.secret_key)?;
    let rate = |limit: Limit| config.limits.get(&limit).copied().unwrap_or(limit.default_rate());
    Ok(Backend {
        db,
        clock: Clock::System,
        live: Live::new(redis.clone()),
        rate_limits: RateLimits::new(redis.clone(), secrets.clone(), rate),
        redis,
        secrets,
        transports: config.messages.transports(&config.local_dir)?,
        warm_up: config.messages.warm_up(),
        links: links(config),
        billing: config.billing.build()?,
        maintenance: Maintenance::new(config.maintenance),
    })
}

/// The addresses of our own pages.
pub fn links(config: &Config) -> Links {
    Links::new(config.public_url.clone())
}

/// Connects to PostgreSQL, with so many connections at most.
pub async fn database(url: &str, connections: u32) -> anyhow::Result<PgPool> {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(TIMEOUT)
        // A ping before each use costs a third of all requests; a broken connection shows at its first statement.
        .test_before_acquire(false)
        .max_lifetime(Duration::from_secs(1800))
        .after_connect(|connection, _| Box::pin(database::force_generic_plans(connection)))
        .connect(url)
        .await
        .context("PostgreSQL is out of reach; check GG_DATABASE_URL and that the server runs")
}

/// Connects to Redis.
pub async fn redis(config: &Config) -> anyhow::Result<Redis> {
    let pool = redis_builder(config)?.build_pool(REDIS_CONNECTIONS).context("Redis")?;
    tokio::time::timeout(Duration::from_secs(5), pool.init())
        .await
        .context("no answer within five seconds")
        .and_then(|done| done.context("no connection"))
        .context("Redis is out of reach; check GG_REDIS_URL and that the server runs")?;
    Ok(Redis::new(pool))
}

/// How connections to Redis are made: one that falls silent is given up, and connections come back by themselves within
/// a second of Redis.
pub fn redis_builder(config: &Config) -> anyhow::Result<Builder> {
    let settings =
        fred::types::config::Config::from_url(&config.redis_url).context("GG_REDIS_URL is not a Redis address")?;
    let mut builder = Builder::from_config(settings);
    builder
        .with_performance_config(|performance| performance.default_command_timeout = Duration::from_millis(800))
        .with_connection_config(|connection| {
            connection.connection_timeout = Duration::from_secs(3);
            connection.internal_command_timeout = Duration::from_secs(3);
            connection.unresponsive.max_timeout = Some(Duration::from_secs(3));
            connection.unresponsive.interval = Duration::from_secs(1);
        })
        .set_policy(ReconnectPolicy::new_exponential(0, 100, 1_000, 2));
    Ok(builder)
}
