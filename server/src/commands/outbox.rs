use clap::Subcommand;
use guestguard::{
    error::Error,
    notifications::{postman, queries, suppressions},
};

use super::output::say;
use crate::{config::Config, connect};

/// `guestguard outbox`.
#[derive(Subcommand)]
pub enum Outbox {
    /// Keep all messages in the outbox.
    Pause {
        /// Why, for whoever looks next.
        #[arg(default_value = "paused by the operator")]
        reason: String,
    },
    /// Let messages leave again.
    Resume,
    /// Say whether messages leave, and how many wait.
    Status,
    /// Cancel everything that waits, as after a restore: hosts see it, and can send anew.
    Cancel,
    /// Let an address be written to again after a bounce or a complaint. An unsubscription stays.
    Lift { address: String },
}

/// Looks at the outbox, or stops it, or lets it go on.
pub async fn run(outbox: Outbox) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let backend = connect::backend(&config).await?;
    match outbox {
        Outbox::Pause { reason } => {
            postman::pause(&backend, &reason).await.map_err(Error::into_cause)?;
            say!("Messages wait in the outbox until `guestguard outbox resume`.");
        }
        Outbox::Resume => {
            postman::resume(&backend).await.map_err(Error::into_cause)?;
            say!("Messages leave.");
        }
        Outbox::Status => {
            let status = queries::outbox(&backend).await;
            let status = status.map_err(Error::into_cause)?;
            match &status.paused {
                Some(reason) => say!("Paused: {reason}"),
                None => say!("Messages leave."),
            }
            say!(
                "{} wait, the oldest since {} s; {} are on their way.",
                status.waiting,
                status.oldest_seconds,
                status.sending
            );
            if !status.unwelcome.is_empty() {
                say!(
                    "Domains that take no mail of ours: {}. Check SPF, DKIM and DMARC; it is tried again each hour.",
                    status.unwelcome.join(", ")
                );
            }
        }
        Outbox::Cancel => {
            let cancelled = postman::cancel_waiting(&backend).await.map_err(Error::into_cause)?;
            say!("{cancelled} messages cancelled; their hosts see it, and can send them anew.");
        }
        Outbox::Lift { address } => {
            let lifted = suppressions::lift(&backend, &address).await;
            match lifted.map_err(Error::into_cause)? {
                true => say!("{address} may be written to again, unless they unsubscribed."),
                false => say!("Nothing kept {address} from being written to, or only they can lift it."),
            }
        }
    }
    Ok(())
}
