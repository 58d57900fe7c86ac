//! The database server: connections, databases and plans.

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::{super::App, Database};

impl App {
    /// Statements that wait for a lock.
    pub async fn lock_waits(&self) -> i64 {
        self.activity("wait_event_type = 'Lock'").await
    }

    /// Connections that listen for notifications, as every running worker's do.
    pub async fn listeners(&self) -> i64 {
        self.activity("query ilike 'listen %'").await
    }

    /// Statements and transactions under way in other connections.
    pub async fn other_statements(&self) -> i64 {
        self.activity("state <> 'idle' and backend_type = 'client backend'").await
    }

    /// Other connections to the database for which `condition` holds. Uses a connection of its own, since the pool's may all
    /// be in use.
    async fn activity(&self, condition: &'static str) -> i64 {
        let mut db = PgConnection::connect_with(&self.backend.db.connect_options()).await.unwrap();
        let sql = format!(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and {condition}"
        );
        let found = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        found
    }
}

impl Database<'_> {
    /// Those of `names` of which the server has a database.
    pub async fn existing_databases(&self, names: &[&str]) -> Vec<String> {
        let query = sqlx::query_scalar("select datname::text from pg_database where datname = any ($1)").bind(names);
        query.fetch_all(self.0).await.unwrap()
    }

    pub async fn create_database(&self, name: &str) {
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name}"))).execute(self.0).await.unwrap();
    }

    pub async fn drop_database(&self, name: &str) {
        sqlx::raw_sql(AssertSqlSafe(format!("drop database {name}"))).execute(self.0).await.unwrap();
    }
}

/// Runs one statement `times` times on a pool of one connection; how often it was planned again.
pub async fn custom_plans(db: &PgPool, times: usize) -> i64 {
    let statement = "select 1 from guests where host_id = $1 and id = any ($2)";
    for _ in 0..times {
        let ids = vec![Uuid::nil()];
        sqlx::query(statement).bind(Uuid::nil()).bind(ids).fetch_all(db).await.unwrap();
    }
    let plans = "select custom_plans from pg_prepared_statements where statement = $1";
    sqlx::query_scalar(plans).bind(statement).fetch_one(db).await.unwrap()
}
