//! `guestguard outbox`: shows, pauses, resumes and cancels queued messages.

use clap::Subcommand;
use guestguard::{error::Error, notifications::outbox as notification_outbox};

use super::output::{count, say};
use crate::{config::Config, connect};

#[derive(Subcommand)]
pub enum Outbox {
    /// Stop sending; messages stay queued in the outbox
    Pause {
        /// Reason, for the next operator
        #[arg(default_value = "paused by the operator")]
        reason: String,
    },
    /// Send messages again
    Resume,
    /// Show whether messages are sent, and how many are queued
    Status,
    /// Cancel all queued messages, for instance after a restore; hosts see it and can send them again
    Cancel,
}

pub async fn run(command: Outbox) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let backend = connect::backend(&config).await?;
    match command {
        Outbox::Pause { reason } => {
            notification_outbox::pause(&backend, &reason).await.map_err(Error::into_cause)?;
            say!("Sending is paused. Run `guestguard outbox resume` to continue.");
        }
        Outbox::Resume => {
            notification_outbox::resume(&backend).await.map_err(Error::into_cause)?;
            say!("Sending is on.");
        }
        Outbox::Status => {
            let status = notification_outbox::status(&backend).await;
            let status = status.map_err(Error::into_cause)?;
            match &status.paused {
                Some(reason) => say!("Sending is paused: {reason}"),
                None => say!("Sending is on."),
            }
            say!(
                "Queued: {} (the oldest for {} s). In flight: {}.",
                status.waiting,
                status.oldest_seconds,
                status.sending
            );
            if !status.deferred_domains.is_empty() {
                say!(
                    "Domains that reject our email: {}. Check SPF, DKIM and DMARC. They are retried every hour.",
                    status.deferred_domains.join(", ")
                );
            }
        }
        Outbox::Cancel => {
            let cancelled = notification_outbox::cancel_waiting(&backend).await.map_err(Error::into_cause)?;
            say!("Cancelled {}. Hosts see it and can send them again.", count(cancelled, "message"));
        }
    }
    Ok(())
}
