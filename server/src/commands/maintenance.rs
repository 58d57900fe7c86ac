//! `guestguard maintenance`: closes the service on all nodes, or opens it again.

use clap::Subcommand;
use guestguard::maintenance;

use super::output::say;
use crate::{config::Config, connect};

#[derive(Subcommand)]
pub enum Maintenance {
    /// Close the service: pages and forms return 503, and nothing is written
    On,
    /// Open the service again
    Off,
    /// Show whether the service is closed
    Status,
}

pub async fn run(command: Maintenance) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let redis = connect::redis(&config).await?;
    match command {
        Maintenance::On => {
            maintenance::switch(&redis, true).await?;
            say!(
                "Closing. All nodes follow within two seconds; requests in progress finish. Run `guestguard maintenance off` to open."
            );
        }
        Maintenance::Off => {
            maintenance::switch(&redis, false).await?;
            say!("Opening. All nodes follow within two seconds, except those with GG_MAINTENANCE=1.");
        }
        Maintenance::Status => match config.maintenance || maintenance::is_on(&redis).await? {
            true => say!("Closed for maintenance."),
            false => say!("Open."),
        },
    }
    Ok(())
}
