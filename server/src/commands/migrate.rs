use super::output::say;
use crate::{
    config::{self, Config},
    connect,
};

/// `guestguard migrate`.
pub async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let db = connect::database(&config.database_url, config::DATABASE_CONNECTIONS).await?;
    let pending = guestguard::migrations::pending(&db).await?;
    guestguard::migrations::migrate(&db).await?;
    match pending.len() {
        0 => say!("The schema is up to date."),
        n => say!("{n} migrations applied; the schema is up to date."),
    }
    Ok(())
}
