use anyhow::Context;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use url::Url;
use uuid::Uuid;

use super::{dump::connect, queries::Drill};
use crate::error::Result;

/// What scratch databases are called, before an id that tells when they were made.
const PREFIX: &str = "guestguard_drill_";
/// Copies of drills that were cut off are taken away after so many hours.
const ABANDONED_HOURS: u64 = 24;

/// A database that lives as long as a drill.
pub struct Scratch {
    pub url: String,
    name: String,
    server: String,
}

impl Scratch {
    /// Makes one on the server that `on` names, and takes away what drills that were cut off left there.
    ///
    /// # Errors
    /// The role may create no databases.
    pub async fn create(on: &str) -> anyhow::Result<Self> {
        let mut server = connect(on).await?;
        drop_abandoned(&mut server).await?;
        let name = format!("{PREFIX}{}", Uuid::now_v7().simple());
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut server)
            .await
            .context("no scratch database can be made; grant the role CREATEDB, or name another server with --on")?;
        server.close().await?;
        let mut url = Url::parse(on).context("the address of the server cannot be read")?;
        url.set_path(&name);
        Ok(Self { url: url.into(), name, server: on.to_owned() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes it away again, whoever is still connected.
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
        // Whoever named one by another id keeps it.
        let Some(id) = name.strip_prefix(PREFIX).and_then(|id| Uuid::try_parse(id).ok()) else { continue };
        if seconds(id).saturating_add(ABANDONED_HOURS * 3_600) < now {
            drop_database(server, &name).await?;
        }
    }
    Ok(())
}

/// `name` is one of ours: the prefix and an id.
async fn drop_database(server: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("drop database if exists \"{name}\" with (force)"))).execute(server).await?;
    Ok(())
}

/// Writes down how a drill went.
pub async fn record(db: &PgPool, drill: &Drill) -> Result<()> {
    sqlx::query!(
        "insert into drills (id, at, backup, fault, checks, rpo_seconds, rto_seconds)
        values ($1, $2, $3, left($4, 1000), $5, $6, $7)",
        Uuid::now_v7(),
        drill.at,
        drill.backup,
        drill.fault,
        drill.checks,
        drill.rpo_seconds,
        drill.rto_seconds,
    )
    .execute(db)
    .await?;
    Ok(())
}
