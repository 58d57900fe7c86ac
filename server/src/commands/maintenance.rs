use clap::Subcommand;
use guestguard::maintenance;

use super::output::say;
use crate::{config::Config, connect};

/// `guestguard maintenance`.
#[derive(Subcommand)]
pub enum Maintenance {
    /// Close: pages and forms tell people to come back later, and nothing is written.
    On,
    /// Open again.
    Off,
    /// Say whether the service is closed.
    Status,
}

/// Closes the service, or opens it, on all nodes.
pub async fn run(asked: Maintenance) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let redis = connect::redis(&config).await?;
    match asked {
        Maintenance::On => {
            maintenance::switch(&redis, true).await?;
            say!("Closed within two seconds, until `guestguard maintenance off`. Requests under way still end.");
        }
        Maintenance::Off => {
            maintenance::switch(&redis, false).await?;
            say!("Open within two seconds. A node with GG_MAINTENANCE=1 stays closed.");
        }
        Maintenance::Status => say!(
            "{}",
            if config.maintenance || maintenance::is_on(&redis).await? { "Closed for maintenance." } else { "Open." }
        ),
    }
    Ok(())
}
