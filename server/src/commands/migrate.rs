//! `guestguard migrate`: applies pending migrations.

use super::output::{count, say};
use crate::{
    config::{self, Config},
    connect,
};

pub async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let db = connect::database(&config.database_url, config::DATABASE_CONNECTIONS).await?;
    let pending = guestguard::migrations::pending(&db).await?;
    guestguard::migrations::migrate(&db).await?;
    match pending.len() {
        0 => say!("The schema is up to date."),
        n => say!("Applied {}. The schema is up to date.", count(n, "migration")),
    }
    Ok(())
}
