use std::time::Duration;

use anyhow::Context;
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};
use sqlx::ConnectOptions;

use super::queue;
use crate::{
    auth, backend::Backend, backup, billing, error::Error, guests, ids::UserId, imports, notifications, privacy,
};

/// The next one must not find it still running.
const LONGEST_BACKUP: Duration = Duration::from_secs(50 * 60);

fn backend(context: &WorkerContext) -> Result<&Backend, String> {
    context.get_ext::<Backend>().ok_or_else(|| "the worker has no backend".to_owned())
}

/// What the queue keeps of a failure.
fn told(error: Error) -> String {
    format!("{error:?}")
}

/// What somebody did at the door that calls for a mail or a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum News {
    SignedUp,
    VerificationAsked,
    ResetAsked,
    SignInFailed,
    /// The failure that locked the password.
    Locked,
}

/// Follows up on news about an e-mail address, whether it has an account or not.
#[derive(Debug, Serialize, Deserialize)]
pub struct FollowUp {
    pub news: News,
    pub email: String,
    pub device: String,
}

impl TaskHandler for FollowUp {
    const IDENTIFIER: &'static str = "follow_up";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = backend(&context)?;
        let done = auth::actions::follow_up(backend, self.news, &self.email, &self.device).await;
        done.map_err(told)
    }
}

/// Forgets what is over: deleted guests after their time for undo, guests of events long past, files that came in,
/// sessions, links, remains of accounts. A unit struct, because the schedule's payload is `null`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetThePast;

impl TaskHandler for ForgetThePast {
    const IDENTIFIER: &'static str = "forget_the_past";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = backend(&context)?;
        let done = async {
            guests::actions::purge_deleted(backend).await?;
            notifications::actions::forget_old_reports(backend).await?;
            imports::actions::forget_old(backend).await?;
            privacy::actions::warn_of_forgetting(backend).await?;
            privacy::actions::forget_due(backend).await?;
            privacy::actions::remove_deleted(backend).await?;
            privacy::export::forget_old(backend).await?;
            queue::forget_given_up(&backend.db).await?;
            auth::actions::forget_the_past(backend).await
        };
        done.await.map_err(told)
    }
}

/// Reminds guests whose time has come, and sends texts after mails that did not reach theirs. A unit struct, as above.
#[derive(Debug, Serialize, Deserialize)]
pub struct Remind;

impl TaskHandler for Remind {
    const IDENTIFIER: &'static str = "remind";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = backend(&context)?;
        notifications::reminders::send_due(backend).await.map_err(told)?;
        notifications::ladder::climb(backend).await.map(|_| ()).map_err(told)
    }
}

/// Asks Stripe how a customer's subscriptions stand. Only the last of several is kept waiting.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshSubscriptions {
    pub customer: String,
}

impl TaskHandler for RefreshSubscriptions {
    const IDENTIFIER: &'static str = "refresh_subscriptions";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = backend(&context)?;
        let Some(stripe) = &backend.billing.stripe else { return Ok(()) };
        billing::subscriptions::refresh(backend, stripe, &self.customer).await.map_err(told)
    }
}

/// Repairs what was missed of subscriptions. A unit struct, as above.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reconcile;

impl TaskHandler for Reconcile {
    const IDENTIFIER: &'static str = "reconcile";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = backend(&context)?;
        billing::subscriptions::reconcile(backend).await.map_err(told)
    }
}

/// Makes the hourly backup, and gives up old ones. A unit struct, as above.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackUp;

impl TaskHandler for BackUp {
    const IDENTIFIER: &'static str = "back_up";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = backend(&context)?;
        let Some(backups) = &backend.backups else { return Ok(()) };
        let url = backend.db.connect_options().to_url_lossy();
        let done = async {
            let making =
                backup::back_up(backups, url.as_str(), &backend.clock, backup::Making::default(), &backup::Quiet);
            let made = tokio::time::timeout(LONGEST_BACKUP, making).await;
            let manifest = made.context("it took longer than 50 minutes; look at `guestguard backup` by hand")??;
            tracing::info!(key = %manifest.key, bytes = manifest.bytes, seconds = manifest.seconds, "backed up");
            backup::keep::prune(&backups.store, backend.clock.now(), false).await
        };
        done.await.map(|_| ()).map_err(|cause| {
            tracing::error!(cause = format!("{cause:#}"), "the backup failed");
            format!("{cause:#}")
        })
    }
}

/// Brings the journal of suppressions and erasures to where backups are kept. A unit struct, as above.
#[derive(Debug, Serialize, Deserialize)]
pub struct ShipJournal;

impl TaskHandler for ShipJournal {
    const IDENTIFIER: &'static str = "ship_journal";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = backend(&context)?;
        let done = async {
            match &backend.backups {
                Some(backups) => {
                    let mut db = backend.db.acquire().await?;
                    backup::journal::ship(&mut db, &backups.store).await.map(|_| ())
                }
                None => backup::journal::forget_old(&backend.db).await,
            }
        };
        done.await.map_err(|cause| {
            tracing::error!(cause = format!("{cause:#}"), "the journal could not be shipped");
            format!("{cause:#}")
        })
    }
}

/// Ends what a deleted account paid for, and lets Stripe forget who it was.
#[derive(Debug, Serialize, Deserialize)]
pub struct CloseCustomer {
    pub customer: String,
}

impl TaskHandler for CloseCustomer {
    const IDENTIFIER: &'static str = "close_customer";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = backend(&context)?;
        let done = match &backend.billing.stripe {
            Some(stripe) => billing::subscriptions::close_customer(stripe, &self.customer).await,
            None => Err(anyhow::anyhow!("GG_STRIPE_SECRET_KEY is not set any more").into()),
        };
        done.map_err(|error| {
            tracing::error!(
                customer = self.customer,
                ?error,
                "a deleted account's customer could not be closed at Stripe"
            );
            format!("{error:?}")
        })
    }
}

/// Prepares what a host takes along.
#[derive(Debug, Serialize, Deserialize)]
pub struct PrepareExport {
    pub host: UserId,
    pub export: uuid::Uuid,
}

impl TaskHandler for PrepareExport {
    const IDENTIFIER: &'static str = "prepare_export";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = backend(&context)?;
        privacy::export::prepare(backend, self.host, self.export).await.map_err(told)
    }
}

#[cfg(test)]
mod tests {
    use super::ForgetThePast;

    #[test]
    fn a_scheduled_job_reads_the_payload_that_the_schedule_gives() {
        assert!(serde_json::from_value::<ForgetThePast>(serde_json::Value::Null).is_ok());
    }
}
