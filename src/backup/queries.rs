//! Reads for the operator page and the metrics.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};

use super::{Backups, DRILL_DAYS, Operator, status::Status};
use crate::{
    backend::Backend,
    error::Result,
    notifications::outbox::{self, OutboxStatus},
};

/// The state of this installation, for its operators.
pub struct Installation {
    /// `None`: backups are not configured. Otherwise their status, or why it is unknown.
    pub backups: Option<Result<Status, String>>,
    pub drills: Vec<Drill>,
    pub archive: Option<Archive>,
    pub outbox: OutboxStatus,
    pub maintenance: bool,
    pub now: DateTime<Utc>,
}

/// How many drills the page shows.
const DRILLS: i64 = 12;

/// The state of this installation.
pub async fn installation(backend: &Backend, backups: Option<&Backups>, _: &Operator) -> Result<Installation> {
    let now = backend.clock.now();
    let backups = match backups {
        Some(backups) => Some(backups.status(now).await),
        None => None,
    };
    Ok(Installation {
        backups,
        drills: drills(&backend.db, DRILLS).await?,
        archive: archive(&backend.db).await?,
        outbox: outbox::status(backend).await?,
        maintenance: backend.maintenance.is_on(),
        now,
    })
}

impl Installation {
    /// Whether a drill is due: none passed in the last 35 days.
    pub fn drill_is_due(&self) -> bool {
        let last = self.drills.iter().find(|drill| drill.error.is_empty());
        last.is_none_or(|drill| (self.now - drill.at).num_days() >= DRILL_DAYS)
    }
}

/// The result of one restore drill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromRow)]
pub struct Drill {
    pub at: DateTime<Utc>,
    pub backup: String,
    /// Why it failed; empty if it passed.
    pub error: String,
    pub checks: i32,
    pub rpo_seconds: i64,
    pub rto_seconds: i64,
}

/// Drills, newest first.
pub async fn drills(db: &PgPool, limit: i64) -> Result<Vec<Drill>> {
    let drills = sqlx::query_as!(
        Drill,
        "select at, backup, error, checks, rpo_seconds, rto_seconds from drills order by at desc limit $1",
        limit,
    );
    Ok(drills.fetch_all(db).await?)
}

/// The newest drill that passed.
pub async fn last_good_drill(db: &PgPool) -> Result<Option<Drill>> {
    let drill = sqlx::query_as!(
        Drill,
        "select at, backup, error, checks, rpo_seconds, rto_seconds from drills where error = '' order by at desc limit 1",
    );
    Ok(drill.fetch_optional(db).await?)
}

/// The state of write-ahead log (WAL) archiving.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Archive {
    /// Seconds since the last segment was archived, which would be lost with the server. `None`: never.
    pub age_seconds: Option<i64>,
    /// Whether the last attempt failed.
    pub failing: bool,
}

/// The state of WAL archiving; `None`: it is off.
pub async fn archive(db: &PgPool) -> Result<Option<Archive>> {
    let archive = sqlx::query!(
        r#"
        select extract(epoch from clock_timestamp() - last_archived_time)::bigint as age,
            coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) as "failing!"
        from pg_stat_archiver
        where current_setting('archive_mode') <> 'off'
        "#,
    );
    let archive = archive.fetch_optional(db).await?;
    Ok(archive.map(|archive| Archive { age_seconds: archive.age, failing: archive.failing }))
}
