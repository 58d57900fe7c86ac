use anyhow::anyhow;
use guestguard::{demo, error::Error};

use crate::{config::Config, connect};

/// `guestguard seed-demo`.
pub async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let backend = connect::backend(&config).await?;
    guestguard::migrations::migrate(&backend.db).await?;
    demo::seed(&backend).await.map_err(|error| match error {
        Error::Unexpected(cause) => cause.context("the demonstration account could not be made"),
        Error::Problem(problem) => anyhow!("the demonstration account could not be made: {problem:?}"),
    })?;
    println!("Demo sign-in: {} with password {}", demo::EMAIL, demo::PASSWORD);
    Ok(())
}
