//! `guestguard suppressions`: removes addresses from the suppression list.

use clap::Subcommand;
use guestguard::{error::Error, notifications::suppressions};

use super::output::say;
use crate::{config::Config, connect};

#[derive(Subcommand)]
pub enum Suppressions {
    /// Remove an address that bounced or marked us as spam; an unsubscription stays
    Remove {
        /// Email address or phone number
        address: String,
    },
}

pub async fn run(command: Suppressions) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let backend = connect::backend(&config).await?;
    match command {
        Suppressions::Remove { address } => {
            let removed = suppressions::remove(&backend, &address).await.map_err(Error::into_cause)?;
            match removed {
                true => say!("Removed {address} from the suppression list. If they unsubscribed, that still holds."),
                false => say!("Nothing to remove: {address} is not suppressed, or has unsubscribed."),
            }
        }
    }
    Ok(())
}
