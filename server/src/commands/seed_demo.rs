use anyhow::anyhow;
use clap::Args;
use guestguard::{demo, error::Error};

use super::output::say;
use crate::{config::Config, connect};

/// `guestguard seed-demo`.
#[derive(Args)]
pub struct SeedDemo {
    /// So many guests besides, 5,000 an event, with links and some answers: for measuring.
    #[arg(long, default_value_t = 0)]
    guests: usize,
}

/// Makes the demonstration account.
pub async fn run(asked: SeedDemo) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let backend = connect::backend(&config).await?;
    guestguard::migrations::migrate(&backend.db).await?;
    demo::seed(&backend, asked.guests).await.map_err(|error| match error {
        Error::Unexpected(cause) => cause.context("the demonstration account could not be made"),
        Error::Problem(problem) => anyhow!("the demonstration account could not be made: {problem:?}"),
    })?;
    say!("Demo sign-in: {} with password {}", demo::EMAIL, demo::PASSWORD);
    Ok(())
}
