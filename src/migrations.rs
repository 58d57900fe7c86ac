//! Migrations: the versions of the schema, and applying them.

use anyhow::Context;
use sqlx::{PgPool, migrate::Migrator};

/// The schema's versions, compiled in.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// The advisory lock under which the job queue's own schema is brought up; any fixed number does.
const JOBS_LOCK: i64 = 0x6775_6573_7467_7264;

/// Applies what is pending, ours and the job queue's. Any number of nodes may call this at once: advisory locks let
/// one work while the others wait.
pub async fn migrate(db: &PgPool) -> anyhow::Result<()> {
    MIGRATOR.run(db).await.context("the schema could not be migrated")?;
    let mut lock = db.acquire().await?;
    sqlx::query("select pg_advisory_lock($1)").bind(JOBS_LOCK).execute(&mut *lock).await?;
    let migrated = crate::queue::migrate(db).await;
    sqlx::query("select pg_advisory_unlock($1)").bind(JOBS_LOCK).execute(&mut *lock).await?;
    migrated
}

/// Versions that this program knows and the database has not applied.
pub async fn pending(db: &PgPool) -> anyhow::Result<Vec<i64>> {
    let known =
        sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "known!""#).fetch_one(db).await?;
    let applied: Vec<i64> = if known {
        sqlx::query_scalar("select version from _sqlx_migrations where success").fetch_all(db).await?
    } else {
        Vec::new()
    };
    Ok(MIGRATOR
        .iter()
        .filter(|migration| migration.migration_type.is_up_migration() && !applied.contains(&migration.version))
        .map(|migration| migration.version)
        .collect())
}
