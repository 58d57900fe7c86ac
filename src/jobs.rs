use std::time::Duration;

use anyhow::Context;
use graphile_worker::{
    IntoTaskHandlerResult, LocalQueueConfig, RefetchDelayConfig, TaskHandler, Worker, WorkerContext, WorkerOptions,
};
use serde::{Deserialize, Serialize};
use sqlx::{ConnectOptions, PgConnection, PgPool};

use crate::{
    auth, backend::Backend, backup, billing, error::Result, guests, ids::UserId, imports, notifications, privacy,
};

/// Tries before news about an address is given up. With the queue's backoff (e^n seconds, at most six hours) they
/// spread over about 16 hours.
const MOST_ATTEMPTS: i32 = 12;
/// Jobs one worker runs at the same time.
const CONCURRENCY: usize = 8;
/// Jobs one worker takes from the queue at a time. Without this it would take one for each signal: eight mails in two
/// seconds. A worker that is killed keeps as many locked until they are taken up again.
const BATCH: usize = 64;
/// How long a job that was taken may lie before it goes back. Also how long the worker can stall: where a job is taken out
/// in the moment between its arrival and the note of it, the queue (graphile_worker 0.14) believes that it holds jobs until
/// this has passed. Five minutes, its default, were seen.
const STALL: Duration = Duration::from_secs(10);
/// Longest time between two looks into an empty queue. A new job is told of at once; one whose time comes is not.
const POLL: Duration = Duration::from_secs(2);
/// What is done when.
const SCHEDULE: &str = "17 * * * * forget_the_past
*/5 * * * * remind
41 * * * * reconcile
* * * * * ship_journal ?max=1
";
/// Tried twice; then the next hour, and whoever watches is told that it is late.
const HOURLY_BACKUP: &str = "7 * * * * back_up ?max=2&fill=50m\n";
/// The next one must not find it still running.
const LONGEST_BACKUP: Duration = Duration::from_secs(50 * 60);
/// The schema in which the queue keeps its tables.
const SCHEMA: &str = "graphile_worker";

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
        let backend = context.get_ext::<Backend>().ok_or_else(|| "the worker has no backend".to_owned())?;
        let done = auth::actions::follow_up(backend, self.news, &self.email, &self.device).await;
        done.map_err(|error| format!("{error:?}"))
    }
}

/// Forgets what is over: deleted guests after their time for undo, guests of events long past, files that came in,
/// sessions, links, remains of accounts. A unit struct, because the schedule's payload is `null`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetThePast;

impl TaskHandler for ForgetThePast {
    const IDENTIFIER: &'static str = "forget_the_past";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = context.get_ext::<Backend>().ok_or_else(|| "the worker has no backend".to_owned())?;
        guests::actions::purge_deleted(backend).await.map_err(|error| format!("{error:?}"))?;
        notifications::actions::forget_old_reports(backend).await.map_err(|error| format!("{error:?}"))?;
        imports::actions::forget_old(backend).await.map_err(|error| format!("{error:?}"))?;
        let rest = async {
            privacy::actions::warn_of_forgetting(backend).await?;
            privacy::actions::forget_due(backend).await?;
            privacy::actions::remove_deleted(backend).await?;
            privacy::export::forget_old(backend).await?;
            forget_given_up(&backend.db).await?;
            auth::actions::forget_the_past(backend).await
        };
        rest.await.map_err(|error| format!("{error:?}"))
    }
}

/// Reminds guests whose time has come, and sends texts after mails that did not reach theirs. A unit struct, as above.
#[derive(Debug, Serialize, Deserialize)]
pub struct Remind;

impl TaskHandler for Remind {
    const IDENTIFIER: &'static str = "remind";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = context.get_ext::<Backend>().ok_or_else(|| "the worker has no backend".to_owned())?;
        notifications::reminders::send_due(backend).await.map_err(|error| format!("{error:?}"))?;
        notifications::ladder::climb(backend).await.map(|_| ()).map_err(|error| format!("{error:?}"))
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
        let backend = context.get_ext::<Backend>().ok_or_else(|| "the worker has no backend".to_owned())?;
        let Some(stripe) = &backend.billing.stripe else { return Ok(()) };
        billing::subscriptions::refresh(backend, stripe, &self.customer).await.map_err(|error| format!("{error:?}"))
    }
}

/// Repairs what was missed of subscriptions. A unit struct, as above.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reconcile;

impl TaskHandler for Reconcile {
    const IDENTIFIER: &'static str = "reconcile";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = context.get_ext::<Backend>().ok_or_else(|| "the worker has no backend".to_owned())?;
        billing::subscriptions::reconcile(backend).await.map_err(|error| format!("{error:?}"))
    }
}

/// Makes the hourly backup, and gives up old ones. A unit struct, as above.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackUp;

impl TaskHandler for BackUp {
    const IDENTIFIER: &'static str = "back_up";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let backend = context.get_ext::<Backend>().ok_or_else(|| "the worker has no backend".to_owned())?;
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
        let backend = context.get_ext::<Backend>().ok_or_else(|| "the worker has no backend".to_owned())?;
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
        let backend = context.get_ext::<Backend>().ok_or_else(|| "the worker has no backend".to_owned())?;
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
        let backend = context.get_ext::<Backend>().ok_or_else(|| "the worker has no backend".to_owned())?;
        privacy::export::prepare(backend, self.host, self.export).await.map_err(|error| format!("{error:?}"))
    }
}

/// Enqueues the making of an export, in the caller's transaction. Asked for twice, it is made once.
pub async fn enqueue_export(db: &mut PgConnection, host: UserId, export: uuid::Uuid) -> Result<()> {
    let job = PrepareExport { host, export };
    sqlx::query("select graphile_worker.add_job('prepare_export', $1::json, max_attempts => $2, job_key => $3)")
        .bind(serde_json::to_value(job).map_err(anyhow::Error::from)?)
        .bind(MOST_ATTEMPTS)
        .bind(format!("export of {host}"))
        .execute(db)
        .await?;
    Ok(())
}

/// Enqueues the end of what an account is at Stripe, if it is anything there, in the caller's transaction.
pub async fn enqueue_close_customers(db: &mut PgConnection, host: UserId) -> Result<()> {
    let customers = sqlx::query_scalar!("select stripe_id from billing_customers where host_id = $1", host.0)
        .fetch_all(&mut *db)
        .await?;
    for customer in customers {
        enqueue_close_customer(db, &customer).await?;
    }
    Ok(())
}

/// Enqueues the end of a customer at Stripe, in the caller's transaction. It is tried for four days.
pub async fn enqueue_close_customer(db: &mut PgConnection, customer: &str) -> Result<()> {
    let job = CloseCustomer { customer: customer.to_owned() };
    sqlx::query("select graphile_worker.add_job('close_customer', $1::json, max_attempts => 25, job_key => $2)")
        .bind(serde_json::to_value(job).map_err(anyhow::Error::from)?)
        .bind(format!("end of {customer}"))
        .execute(db)
        .await?;
    Ok(())
}

/// Whether the queue's own tables are there: a database that was never served has none.
pub async fn is_ready(db: &mut PgConnection) -> Result<bool> {
    let ready = "select to_regclass('graphile_worker._private_jobs') is not null";
    Ok(sqlx::query_scalar(ready).fetch_one(db).await?)
}

/// Forgets news about an address that nobody followed up yet, or that nobody could.
pub async fn forget_account_news(db: &mut PgConnection, email: &str) -> Result<()> {
    // Not checked at compile time: the queue's schema belongs to its own crate.
    sqlx::query(
        "delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
        where t.id = j.task_id and t.identifier = 'follow_up' and lower(j.payload ->> 'email') = lower($1)",
    )
    .bind(email)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets what could not be done in all its tries and names somebody. Run by the schedule.
pub async fn forget_given_up(db: &PgPool) -> Result<()> {
    sqlx::query(
        "delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
        where t.id = j.task_id and j.attempts >= j.max_attempts
            and (t.identifier = 'follow_up' and j.updated_at < now() - interval '7 days'
                or t.identifier = 'close_customer' and j.updated_at < now() - interval '30 days')",
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Enqueues the question how a customer's subscriptions stand, in the caller's transaction.
pub async fn enqueue_refresh(db: &mut PgConnection, customer: &str) -> Result<()> {
    let job = RefreshSubscriptions { customer: customer.to_owned() };
    sqlx::query("select graphile_worker.add_job('refresh_subscriptions', $1::json, max_attempts => $2, job_key => $3)")
        .bind(serde_json::to_value(job).map_err(anyhow::Error::from)?)
        .bind(MOST_ATTEMPTS)
        .bind(format!("subscriptions of {customer}"))
        .execute(db)
        .await?;
    Ok(())
}

/// Enqueues news about an address; the same one statement for all addresses.
pub async fn enqueue_account_news(db: &mut PgConnection, news: News, email: &str, device: &str) -> Result<()> {
    let job = FollowUp { news, email: email.to_owned(), device: device.to_owned() };
    // Not checked at compile time: the queue's schema belongs to its own crate.
    sqlx::query("select graphile_worker.add_job('follow_up', $1::json, max_attempts => $2)")
        .bind(serde_json::to_value(job).map_err(anyhow::Error::from)?)
        .bind(MOST_ATTEMPTS)
        .execute(db)
        .await?;
    Ok(())
}

/// Brings the queue's own schema up to date.
pub async fn migrate(db: &PgPool) -> anyhow::Result<()> {
    WorkerOptions::default().pg_pool(db.clone()).schema(SCHEMA).init().await.context("the job queue's schema")?;
    Ok(())
}

/// Asks for what may have been missed while nobody worked, and for prices.
pub async fn catch_up(db: &PgPool) -> anyhow::Result<()> {
    sqlx::query("select graphile_worker.add_job('reconcile', 'null'::json, job_key => 'reconcile')")
        .execute(db)
        .await?;
    Ok(())
}

/// A worker that runs all jobs until `stop` ends. What a killed worker left locked is taken up again within 90 s.
pub async fn worker(backend: &Backend, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<Worker> {
    // Without a pause an idle queue is asked without end (graphile_worker 0.14); the first notification ends it.
    let pause = RefetchDelayConfig::default().with_duration(POLL).with_max_abort_threshold(1);
    let mut schedule = SCHEDULE.to_owned();
    if backend.backups.as_ref().is_some_and(|backups| backups.hourly) {
        schedule.push_str(HOURLY_BACKUP);
    }
    WorkerOptions::default()
        .pg_pool(backend.db.clone())
        .schema(SCHEMA)
        .concurrency(CONCURRENCY)
        .poll_interval(POLL)
        .local_queue(LocalQueueConfig::default().with_size(BATCH).with_ttl(STALL).with_refetch_delay(pause))
        .add_extension(backend.clone())
        .define_job::<FollowUp>()
        .define_job::<ForgetThePast>()
        .define_job::<Remind>()
        .define_job::<RefreshSubscriptions>()
        .define_job::<Reconcile>()
        .define_job::<CloseCustomer>()
        .define_job::<PrepareExport>()
        .define_job::<BackUp>()
        .define_job::<ShipJournal>()
        .with_cron(&schedule)
        .context("the schedule")?
        .heartbeat_interval(Duration::from_secs(15))
        .sweep_interval(Duration::from_secs(20))
        .sweep_threshold(Duration::from_secs(60))
        .recovery_delay(Duration::from_secs(1))
        .listen_os_shutdown_signals(false)
        .shutdown_signal(stop)
        .init()
        .await
        .context("the worker could not start")
}

#[cfg(test)]
mod tests {
    use super::ForgetThePast;

    #[test]
    fn a_scheduled_job_reads_the_payload_that_the_schedule_gives() {
        assert!(serde_json::from_value::<ForgetThePast>(serde_json::Value::Null).is_ok());
    }
}
