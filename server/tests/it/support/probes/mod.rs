//! Named probes: what tests read and arrange in the database and in Redis, so that they need no SQL of their own.
//!
//! Most are methods of [`App`]. Those of [`Database`] also work where no app runs, as on a restored copy.

mod accounts;
mod backups;
mod bulk;
mod guests;
mod jobs;
mod notifications;
mod providers;
mod redis;
mod schema;
mod server;

use sqlx::{PgPool, Postgres, Transaction};

use super::App;

pub use bulk::keep_adding_guests_with_replies;
pub use schema::{columns, filled_rows, rows, rows_of_host, wrong_guest_statuses};
pub use server::custom_plans;

/// A database without an [`App`].
pub struct Database<'a>(pub &'a PgPool);

/// The messages of a node's database.
pub struct Outbox<'a>(&'a PgPool);

/// The job queue of a node's database.
pub struct Jobs<'a>(&'a PgPool);

/// A lock that holds until it is rolled back or dropped.
pub type Lock = Transaction<'static, Postgres>;

impl App {
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox(&self.backend.db)
    }

    pub fn jobs(&self) -> Jobs<'_> {
        Jobs(&self.backend.db)
    }

    fn database(&self) -> Database<'_> {
        Database(&self.backend.db)
    }

    async fn number(&self, sql: &'static str) -> i64 {
        number(&self.backend.db, sql, None).await
    }
}

/// One number. `sql` may have one parameter.
async fn number(db: &PgPool, sql: &'static str, parameter: Option<&str>) -> i64 {
    let query = sqlx::query_scalar(sql);
    let query = match parameter {
        Some(parameter) => query.bind(parameter),
        None => query,
    };
    query.fetch_one(db).await.unwrap()
}

async fn execute(db: &PgPool, sql: &'static str) {
    sqlx::query(sql).execute(db).await.unwrap();
}

/// Begins a transaction whose first statement takes a lock.
async fn lock(db: &PgPool, sql: &'static str) -> Lock {
    let mut lock = db.begin().await.unwrap();
    sqlx::query(sql).execute(&mut *lock).await.unwrap();
    lock
}
