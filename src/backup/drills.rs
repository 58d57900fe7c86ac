//! Restore drills: the scratch database of a drill, and the record of its result.

use anyhow::Context;
use pg_backup::connect;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use url::Url;
use uuid::Uuid;

use super::queries::Drill;
use crate::error::Result;

/// A scratch database is named by this prefix and a UUIDv7, which has its time.
const PREFIX: &str = "guestguard_drill_";
/// Scratch databases of interrupted drills are dropped after this many hours.
const ABANDONED_HOURS: u64 = 24;

/// A database for one drill.
pub struct Scratch {
    pub url: String,
    name: String,
    server: String,
}

impl Scratch {
    /// Creates a database on the server of the URL `on`, and drops those that interrupted drills left there.
    ///
    /// # Errors
    /// The role may not create databases.
    pub async fn create(on: &str) -> anyhow::Result<Self> {
        let mut server = connect(on).await?;
        drop_abandoned(&mut server).await?;
        let name = format!("{PREFIX}{}", Uuid::now_v7().simple());
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut server)
            .await
            .context("cannot create a scratch database; grant the role CREATEDB, or name another server with --on")?;
        server.close().await?;
        let mut url = Url::parse(on).context("the URL of the server is invalid")?;
        url.set_path(&name);
        Ok(Self { url: url.into(), name, server: on.to_owned() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drops the database, even if somebody is connected.
    pub async fn remove(self) -> anyhow::Result<()> {
        let mut server = connect(&self.server).await?;
        drop_database(&mut server, &self.name).await?;
        Ok(server.close().await?)
    }
}

async fn drop_abandoned(server: &mut PgConnection) -> anyhow::Result<()> {
    let names: Vec<String> = sqlx::query_scalar("select datname::text from pg_database where starts_with(datname, $1)")
        .bind(PREFIX)
        .fetch_all(&mut *server)
        .await?;
    let seconds = |id: Uuid| id.get_timestamp().map_or(u64::MAX, |made| made.to_unix().0);
    let now = seconds(Uuid::now_v7());
    for name in names {
        // Databases with this prefix but no UUID are somebody else's.
        let Some(id) = name.strip_prefix(PREFIX).and_then(|id| Uuid::try_parse(id).ok()) else { continue };
        if seconds(id).saturating_add(ABANDONED_HOURS * 3_600) < now {
            drop_database(server, &name).await?;
        }
    }
    Ok(())
}

/// `name` is the prefix and a UUID, so it needs no quoting.
async fn drop_database(server: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("drop database if exists \"{name}\" with (force)"))).execute(server).await?;
    Ok(())
}

/// Records the result of a drill.
pub async fn record(db: &PgPool, drill: &Drill) -> Result<()> {
    sqlx::query!(
        "insert into drills (id, at, backup, error, checks, rpo_seconds, rto_seconds)
        values ($1, $2, $3, left($4, 1000), $5, $6, $7)",
        Uuid::now_v7(),
        drill.at,
        drill.backup,
        drill.error,
        drill.checks,
        drill.rpo_seconds,
        drill.rto_seconds,
    )
    .execute(db)
    .await?;
    Ok(())
}
