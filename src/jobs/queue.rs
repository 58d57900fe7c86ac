use graphile_worker::TaskHandler;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::tasks::{CloseCustomer, FollowUp, News, PrepareExport, Reconcile, RefreshSubscriptions};
use crate::{
    error::{Error, Result},
    ids::UserId,
};

/// Tries before a job is given up. With the queue's backoff (e^n seconds, at most six hours) they spread over about
/// 16 hours.
const MOST_ATTEMPTS: i32 = 12;
/// The same, over four days.
const PATIENT_ATTEMPTS: i32 = 25;

/// Puts a job into the queue; of several under one `key` the last is kept waiting.
async fn enqueue<T: TaskHandler>(db: &mut PgConnection, job: T, most_attempts: i32, key: Option<String>) -> Result<()> {
    // Not checked at compile time: the queue's schema belongs to its own crate.
    sqlx::query("select graphile_worker.add_job($1, $2::json, max_attempts => $3, job_key => $4)")
        .bind(T::IDENTIFIER)
        .bind(serde_json::to_value(job).map_err(anyhow::Error::from)?)
        .bind(most_attempts)
        .bind(key)
        .execute(db)
        .await?;
    Ok(())
}

/// Enqueues news about an address; the same one statement for all addresses.
pub async fn enqueue_account_news(db: &mut PgConnection, news: News, email: &str, device: &str) -> Result<()> {
    let job = FollowUp { news, email: email.to_owned(), device: device.to_owned() };
    enqueue(db, job, MOST_ATTEMPTS, None).await
}

/// Enqueues the question how a customer's subscriptions stand, in the caller's transaction.
pub async fn enqueue_refresh(db: &mut PgConnection, customer: &str) -> Result<()> {
    let job = RefreshSubscriptions { customer: customer.to_owned() };
    enqueue(db, job, MOST_ATTEMPTS, Some(format!("subscriptions of {customer}"))).await
}

/// Enqueues the making of an export, in the caller's transaction. Asked for twice, it is made once.
pub async fn enqueue_export(db: &mut PgConnection, host: UserId, export: Uuid) -> Result<()> {
    enqueue(db, PrepareExport { host, export }, MOST_ATTEMPTS, Some(format!("export of {host}"))).await
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

/// Enqueues the end of a customer at Stripe, in the caller's transaction.
pub async fn enqueue_close_customer(db: &mut PgConnection, customer: &str) -> Result<()> {
    let job = CloseCustomer { customer: customer.to_owned() };
    enqueue(db, job, PATIENT_ATTEMPTS, Some(format!("end of {customer}"))).await
}

/// Asks for what may have been missed while nobody worked, and for prices.
pub async fn catch_up(db: &PgPool) -> anyhow::Result<()> {
    let mut db = db.acquire().await?;
    enqueue(&mut db, Reconcile, PATIENT_ATTEMPTS, Some("reconcile".to_owned())).await.map_err(Error::into_cause)
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
