//! Backups, drills and the erasure log.

use super::{super::App, Database, Lock, lock, number};

impl App {
    pub async fn erasure_log(&self) -> i64 {
        self.database().erasure_log().await
    }
}

impl Database<'_> {
    pub async fn erasure_log(&self) -> i64 {
        number(self.0, "select count(*) from erasure_log", None).await
    }

    /// Error and number of checks of each drill, oldest first. An empty error: the drill passed.
    pub async fn drills(&self) -> Vec<(String, i32)> {
        sqlx::query_as("select error, checks from drills order by at").fetch_all(self.0).await.unwrap()
    }

    /// Takes the lock that a backup holds while it runs.
    pub async fn lock_backups(&self) -> Lock {
        // The constant `LOCK` of `pg_backup::dump`.
        lock(self.0, "select pg_advisory_xact_lock(x'6261636b75700001'::bigint)").await
    }

    /// Dumps of the database that are under way.
    pub async fn dumps_running(&self) -> i64 {
        let sql =
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'pg_dump'";
        number(self.0, sql, None).await
    }
}
