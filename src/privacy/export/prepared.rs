//! Prepared exports: made in the background, stored in parts, discarded after three days.

use std::io::Read;

use async_stream::try_stream;
use chrono::{DateTime, TimeDelta, Utc};
use futures::Stream;
use sqlx::PgPool;
use uuid::Uuid;

use super::{rows, snapshot, write};
use crate::{
    actors::Host,
    audit::{self, AuditEvent},
    backend::Backend,
    error::Result,
    ids::UserId,
    notifications::{self, AccountMessage},
    problem::Problem,
};

/// Days for which a prepared export is stored.
pub const KEPT_DAYS: i64 = 3;
/// Bytes of a stored part.
const PART: usize = 1024 * 1024;
/// Rows between two progress updates.
const PROGRESS_ROWS: i64 = 10_000;

/// A requested export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreparedExport {
    pub requested_at: DateTime<Utc>,
    pub percent: i64,
    /// `None` while in preparation.
    pub ready_at: Option<DateTime<Utc>>,
}

/// The export that the host requested.
pub async fn prepared(backend: &Backend, host: &Host) -> Result<Option<PreparedExport>> {
    Ok(sqlx::query_as!(
        PreparedExport,
        r#"
        select requested_at, least(99, 100 * rows_done / greatest(rows_total, 1)) as "percent!", ready_at
        from data_exports where host_id = $1
        "#,
        host.id().0,
    )
    .fetch_optional(&backend.db)
    .await?)
}

/// Requests an export; an email announces it. One in preparation continues; one that is ready, or overdue, is replaced.
pub async fn request(backend: &Backend, host: &Host) -> Result<()> {
    let now = backend.clock.now();
    host.require_reauthentication(now)?;
    let mut tx = backend.db.begin().await?;
    // Each row is written to JSON and CSV.
    let total = 2 * rows(&mut tx, host.id()).await?;
    sqlx::query!(
        "delete from data_exports where host_id = $1 and (ready_at is not null or requested_at < $2)",
        host.id().0,
        now - TimeDelta::hours(1),
    )
    .execute(&mut *tx)
    .await?;
    let id = sqlx::query_scalar!(
        "insert into data_exports (host_id, id, requested_at, rows_total) values ($1, $2, $3, $4)
        on conflict (host_id) do nothing returning id",
        host.id().0,
        Uuid::now_v7(),
        now,
        total,
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(id) = id {
        crate::privacy::jobs::enqueue_export(&mut tx, host.id(), id).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Prepares a requested export. Run by the worker. If data was deleted meanwhile, the export is discarded and must be
/// requested again.
pub async fn prepare(backend: &Backend, host: UserId, id: Uuid) -> Result<()> {
    let (progress, mut updates) = tokio::sync::watch::channel(0_i64);
    let updating = async {
        while updates.changed().await.is_ok() {
            let done = *updates.borrow_and_update();
            sqlx::query!("update data_exports set rows_done = $3 where host_id = $1 and id = $2", host.0, id, done)
                .execute(&backend.db)
                .await?;
        }
        Ok(())
    };
    let writing = async {
        let mut db = backend.db.acquire().await?;
        let mut tx = snapshot(&mut db).await?;
        let mut report = move |through: i64| {
            if through % PROGRESS_ROWS == 0 {
                progress.send_replace(through);
            }
        };
        let file = write::archive(&mut tx, host, backend.clock.now(), &mut report).await?;
        tx.rollback().await?;
        Ok(file)
    };
    // The end of writing drops `progress`, which ends the updates.
    let (file, updated): (Result<_>, Result<()>) = futures::join!(writing, updating);
    updated?;
    store(backend, host, id, file?).await
}

async fn store(backend: &Backend, host: UserId, id: Uuid, mut file: std::fs::File) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let email = sqlx::query_scalar!(
        "update data_exports d set ready_at = $3, rows_done = rows_total from users u
        where d.host_id = $1 and d.id = $2 and d.ready_at is null and u.id = d.host_id and u.deleted_at is null
        returning u.email",
        host.0,
        id,
        now,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(email) = email else { return Ok(()) };
    for part in 0.. {
        let mut bytes = Vec::with_capacity(PART);
        (&mut file).take(PART as u64).read_to_end(&mut bytes).map_err(anyhow::Error::from)?;
        if bytes.is_empty() {
            break;
        }
        sqlx::query!("insert into data_export_parts (host_id, part, bytes) values ($1, $2, $3)", host.0, part, bytes)
            .execute(&mut *tx)
            .await?;
    }
    notifications::outbox::enqueue_account(&mut tx, now, host, AccountMessage::ExportReady, &email, None).await?;
    tx.commit().await?;
    Ok(())
}

/// Streams the bytes of the prepared export.
///
/// # Errors
/// `SignInAgain` without a recent re-authentication, `NotFound` if none is ready.
pub async fn parts(backend: &Backend, host: &Host) -> Result<impl Stream<Item = Result<Vec<u8>>> + use<>> {
    let now = backend.clock.now();
    host.require_reauthentication(now)?;
    let ready = prepared(backend, host).await?.and_then(|prepared| prepared.ready_at);
    ready.ok_or(Problem::NotFound)?;
    let mut db = backend.db.acquire().await?;
    audit::record(&mut db, now, host.actor(), AuditEvent::DataExported, "").await?;
    Ok(read(backend.db.clone(), host.id()))
}

fn read(db: PgPool, host: UserId) -> impl Stream<Item = Result<Vec<u8>>> {
    try_stream! {
        for part in 0.. {
            let bytes = sqlx::query_scalar!("select bytes from data_export_parts where host_id = $1 and part = $2", host.0, part)
                .fetch_optional(&db)
                .await?;
            let Some(bytes) = bytes else { break };
            yield bytes;
        }
    }
}

/// Deletes old exports, ready or not. Run by the schedule.
pub async fn delete_expired(backend: &Backend) -> Result<()> {
    let before = backend.clock.now() - TimeDelta::days(KEPT_DAYS);
    sqlx::query!("delete from data_exports where coalesce(ready_at, requested_at) < $1", before)
        .execute(&backend.db)
        .await?;
    Ok(())
}
