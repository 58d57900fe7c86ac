use std::time::Duration;

use anyhow::Context;
use graphile_worker::{LocalQueueConfig, RefetchDelayConfig, Worker, WorkerOptions};
use sqlx::PgPool;

use crate::backend::Backend;

/// Putting jobs into the queue, and taking them out without doing them.
mod queue;
/// What each job does.
mod tasks;

pub use queue::{
    catch_up, enqueue_account_news, enqueue_close_customer, enqueue_close_customers, enqueue_export, enqueue_refresh,
    forget_account_news, is_ready,
};
use tasks::{BackUp, CloseCustomer, ForgetThePast, Reconcile, RefreshSubscriptions, Remind, ShipJournal};
pub use tasks::{FollowUp, News, PrepareExport};

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
/// The schema in which the queue keeps its tables.
const SCHEMA: &str = "graphile_worker";

/// Brings the queue's own schema up to date.
pub async fn migrate(db: &PgPool) -> anyhow::Result<()> {
    WorkerOptions::default().pg_pool(db.clone()).schema(SCHEMA).init().await.context("the job queue's schema")?;
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
