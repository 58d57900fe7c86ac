use anyhow::Context;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use url::Url;
use uuid::Uuid;

use super::{dump::connect, queries::Drill};
use crate::error::Result;

/// A database that lives as long as a drill.
pub struct Scratch {
    pub url: String,
    name: String,
    server: PgConnection,
}

impl Scratch {
    /// Makes one on the server that `on` names.
    ///
    /// # Errors
    /// The role may create no databases.
    pub async fn create(on: &str) -> anyhow::Result<Self> {
        let mut server = connect(on).await?;
        let name = format!("guestguard_drill_{}", Uuid::now_v7().simple());
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut server)
            .await
            .context("no scratch database can be made; grant the role CREATEDB, or name another server with --on")?;
        let mut url = Url::parse(on).context("the address of the server cannot be read")?;
        url.set_path(&name);
        Ok(Self { url: url.into(), name, server })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes it away again, whoever is still connected.
    pub async fn remove(mut self) -> anyhow::Result<()> {
        sqlx::raw_sql(AssertSqlSafe(format!("drop database {} with (force)", self.name)))
            .execute(&mut self.server)
            .await?;
        self.server.close().await?;
        Ok(())
    }
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
