//! `guestguard seed-demo`: creates the demo account.

use anyhow::anyhow;
use clap::Args;
use guestguard::error::Error;
use testkit::demo;

use super::output::say;
use crate::{config::Config, connect};

#[derive(Args)]
pub struct SeedDemo {
    /// Number of additional guests for measurements, 5,000 per event, with links and some replies
    #[arg(long, default_value_t = 0)]
    guests: usize,
}

pub async fn run(arguments: SeedDemo) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let backend = connect::backend(&config).await?;
    guestguard::migrations::migrate(&backend.db).await?;
    demo::seed(&backend, arguments.guests).await.map_err(|error| match error {
        Error::Unexpected(cause) => cause.context("the demo account could not be created"),
        Error::Problem(problem) => anyhow!("the demo account could not be created: {problem:?}"),
    })?;
    say!("Demo sign-in: {} with password {}", demo::EMAIL, demo::PASSWORD);
    Ok(())
}
