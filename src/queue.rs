//! Job queue: background jobs in PostgreSQL, enqueued in the transaction that causes them (graphile_worker).

use std::{future::Future, time::Duration};

use anyhow::Context;
use graphile_worker::{
    IntoTaskHandlerResult, LocalQueueConfig, RefetchDelayConfig, TaskHandler, Worker, WorkerContext, WorkerOptions,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::{PgConnection, PgPool};

use crate::{backend::Backend, error::Result};

/// Jobs one worker runs at the same time.
const CONCURRENCY: usize = 8;
/// Jobs one worker claims at a time. Claiming one per signal would limit it to eight jobs in two seconds. Jobs claimed by
/// a killed worker stay locked until they are recovered.
const BATCH: usize = 64;
/// How long a claimed job may wait before it is released. Also the longest a worker can stall: when a job is removed between
/// its arrival and its claim, graphile_worker 0.14 believes it still holds jobs until this has passed. Its default of five
/// minutes was observed to stall.
const CLAIM_TTL: Duration = Duration::from_secs(10);
/// Poll interval. New jobs send a NOTIFY; scheduled ones become due without one.
const POLL: Duration = Duration::from_secs(2);
/// The schema of the queue's own tables.
const SCHEMA: &str = "graphile_worker";

/// A kind of background job. Its fields are the payload; a unit struct for a scheduled job, whose payload is `null`.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the queue and in the schedule.
    const NAME: &'static str;
    /// Attempts before the job fails for good. With exponential backoff (e^n seconds, at most six hours) 12 attempts span
    /// about 16 hours, 25 about four days.
    const MAX_ATTEMPTS: i32 = 12;

    /// Runs the job. An error is logged and the job is retried.
    fn run(self, context: &JobContext) -> impl Future<Output = Result<()>> + Send;
}

/// What a running job can reach.
pub struct JobContext(WorkerContext);

impl JobContext {
    pub fn backend(&self) -> Result<&Backend> {
        self.get::<Backend>()
    }

    /// A value that [`WorkerBuilder::provide`] handed to the worker.
    pub fn get<T: Clone + std::fmt::Debug + Send + Sync + 'static>(&self) -> Result<&T> {
        let value = self.0.get_ext::<T>();
        value.ok_or_else(|| anyhow::anyhow!("the worker has no {}", std::any::type_name::<T>()).into())
    }
}

/// A job as graphile_worker wants it.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "T: Job")]
struct Task<T>(T);

impl<T: Job> TaskHandler for Task<T> {
    const IDENTIFIER: &'static str = T::NAME;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        self.0.run(&JobContext(context)).await.map_err(|error| {
            tracing::error!(job = T::NAME, ?error, "a job failed");
            format!("{error:?}")
        })
    }
}

/// Enqueues a job in the caller's transaction. Of several waiting jobs with one `key` only the last is kept.
pub async fn enqueue<T: Job>(tx: &mut PgConnection, job: &T, key: Option<&str>) -> Result<()> {
    // Unchecked at compile time: the schema belongs to graphile_worker.
    sqlx::query("select graphile_worker.add_job($1, $2::json, max_attempts => $3, job_key => $4)")
        .bind(T::NAME)
        .bind(serde_json::to_value(job).map_err(anyhow::Error::from)?)
        .bind(T::MAX_ATTEMPTS)
        .bind(key)
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes the waiting and failed jobs of kind `T` whose payload has `value` under `field`, whatever the case.
pub async fn delete_by_payload<T: Job>(tx: &mut PgConnection, field: &str, value: &str) -> Result<()> {
    sqlx::query(
        "delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
        where t.id = j.task_id and t.identifier = $1 and lower(j.payload ->> $2) = lower($3)",
    )
    .bind(T::NAME)
    .bind(field)
    .bind(value)
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes jobs of kind `T` that failed for good more than `days` ago.
pub async fn delete_failed<T: Job>(db: &PgPool, days: i32) -> Result<()> {
    sqlx::query(
        "delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
        where t.id = j.task_id and t.identifier = $1 and j.attempts >= j.max_attempts
            and j.updated_at < now() - make_interval(days => $2)",
    )
    .bind(T::NAME)
    .bind(days)
    .execute(db)
    .await?;
    Ok(())
}

/// Whether the queue's own tables exist: a database that was never served has none.
pub async fn is_ready(db: &mut PgConnection) -> Result<bool> {
    let ready = "select to_regclass('graphile_worker._private_jobs') is not null";
    Ok(sqlx::query_scalar(ready).fetch_one(db).await?)
}

/// Migrates the queue's own schema.
pub async fn migrate(db: &PgPool) -> anyhow::Result<()> {
    WorkerOptions::default().pg_pool(db.clone()).schema(SCHEMA).init().await.context("the job queue's schema")?;
    Ok(())
}

/// Collects the jobs, the schedule and the values of a worker.
pub struct WorkerBuilder {
    options: WorkerOptions,
    schedule: String,
}

impl WorkerBuilder {
    /// A worker on `backend`'s database. Jobs claimed by a killed worker are recovered within 90 seconds.
    pub fn new(backend: &Backend) -> Self {
        // Without a delay graphile_worker 0.14 polls an idle queue without pause; the first notification ends the delay.
        let delay = RefetchDelayConfig::default().with_duration(POLL).with_max_abort_threshold(1);
        let options = WorkerOptions::default()
            .pg_pool(backend.db.clone())
            .schema(SCHEMA)
            .concurrency(CONCURRENCY)
            .poll_interval(POLL)
            .local_queue(LocalQueueConfig::default().with_size(BATCH).with_ttl(CLAIM_TTL).with_refetch_delay(delay))
            .add_extension(backend.clone())
            .heartbeat_interval(Duration::from_secs(15))
            .sweep_interval(Duration::from_secs(20))
            .sweep_threshold(Duration::from_secs(60))
            .recovery_delay(Duration::from_secs(1))
            .listen_os_shutdown_signals(false);
        Self { options, schedule: String::new() }
    }

    /// Lets the worker run jobs of kind `T`.
    pub fn job<T: Job>(mut self) -> Self {
        self.options = self.options.define_job::<Task<T>>();
        self
    }

    /// Like [`Self::job`], and runs it at the times of `cron`, a crontab's five fields; `options` as graphile_worker's crontab
    /// has them (`?max=2&fill=50m`).
    pub fn scheduled<T: Job>(mut self, cron: &str, options: &str) -> Self {
        self.schedule.push_str(&format!("{cron} {} {options}\n", T::NAME));
        self.job::<T>()
    }

    /// Makes `value` available to jobs as [`JobContext::get`].
    pub fn provide<T: Clone + std::fmt::Debug + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.options = self.options.add_extension(value);
        self
    }

    /// The worker, which runs until `stop` resolves.
    pub async fn build(self, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<Worker> {
        let options = self.options.with_cron(&self.schedule).context("the schedule")?;
        options.shutdown_signal(stop).init().await.context("the worker could not start")
    }
}
