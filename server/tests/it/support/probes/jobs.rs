//! The job queue.

use super::{Jobs, execute, number};

impl Jobs<'_> {
    pub async fn count(&self) -> i64 {
        number(self.0, "select count(*) from graphile_worker._private_jobs", None).await
    }

    /// Schedules that a worker has registered, by all names.
    pub async fn schedules(&self) -> i64 {
        number(self.0, "select count(*) from graphile_worker._private_known_crontabs", None).await
    }

    /// Whether a job has a schedule.
    pub async fn is_scheduled(&self, name: &str) -> bool {
        let sql = "select count(*) from graphile_worker._private_known_crontabs where identifier = $1";
        number(self.0, sql, Some(name)).await > 0
    }

    /// Jobs of a name that were attempted and wait for another attempt.
    pub async fn retried(&self, name: &str) -> i64 {
        let sql = "select count(*) from graphile_worker.jobs where task_identifier = $1 and attempts > 0";
        number(self.0, sql, Some(name)).await
    }

    /// Enqueues a job without a payload.
    pub async fn add(&self, name: &str) {
        let query = sqlx::query("select graphile_worker.add_job($1, 'null'::json)").bind(name);
        query.execute(self.0).await.unwrap();
    }

    /// Makes all jobs due now.
    pub async fn make_due(&self) {
        execute(self.0, "update graphile_worker._private_jobs set run_at = now()").await;
    }

    /// Postpones the only waiting account event by a day.
    pub async fn postpone_account_event(&self) {
        let sql = "update graphile_worker._private_jobs set run_at = now() + interval '1 day' where task_id = (
                select id from graphile_worker._private_tasks where identifier = 'handle_account_event')";
        let postponed = sqlx::query(sql).execute(self.0).await.unwrap();
        assert_eq!(postponed.rows_affected(), 1);
    }

    pub async fn clear(&self) {
        execute(self.0, "delete from graphile_worker._private_jobs").await;
    }
}
