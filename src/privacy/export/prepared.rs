use std::io::Read;

use async_stream::try_stream;
use chrono::{DateTime, TimeDelta, Utc};
use futures::Stream;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{rows, snapshot, write};
use crate::{
    auth::{self, Act, Host},
    backend::Backend,
    error::Result,
    ids::UserId,
    notifications::{self, Kind},
    problem::Problem,
};

/// Days for which a prepared export is kept.
pub const KEPT_DAYS: i64 = 3;
/// Bytes of one part.
const PART: usize = 1024 * 1024;
/// Rows between two notes of how far it is.
const NOTE: i64 = 10_000;

/// An export that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub asked_at: DateTime<Utc>,
    /// How much of it is done, out of a hundred.
    pub percent: i64,
    /// `None`: it is being made.
    pub ready_at: Option<DateTime<Utc>>,
}

/// The export that the host asked for, if they did.
pub async fn prepared(backend: &Backend, host: &Host) -> Result<Option<Prepared>> {
    Ok(sqlx::query_as!(
        Prepared,
        r#"
        select asked_at, least(99, 100 * rows_done / greatest(rows_total, 1)) as "percent!", ready_at
        from data_exports where host_id = $1
        "#,
        host.id().0,
    )
    .fetch_optional(&backend.db)
    .await?)
}

/// Asks for an export to be prepared; a mail tells when it is. One that is being made goes on; one that is
/// ready, or should be by now, is replaced.
pub async fn ask(backend: &Backend, host: &Host) -> Result<()> {
    let now = backend.clock.now();
    host.must_be_recent(now)?;
    let mut tx = backend.db.begin().await?;
    // Each row stands in the document and in a table.
    let total = 2 * rows(&mut tx, host.id()).await?;
    sqlx::query!(
        "delete from data_exports where host_id = $1 and (ready_at is not null or asked_at < $2)",
        host.id().0,
        now - TimeDelta::hours(1),
    )
    .execute(&mut *tx)
    .await?;
    let id = sqlx::query_scalar!(
        "insert into data_exports (host_id, id, asked_at, rows_total) values ($1, $2, $3, $4)
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

/// Makes an export that was asked for. Run by the worker. Where somebody was erased meanwhile, who might still stand in it,
/// it is thrown away and has to be asked for again.
pub async fn prepare(backend: &Backend, host: UserId, id: Uuid) -> Result<()> {
    let (notes, mut noted) = tokio::sync::watch::channel(0_i64);
    let noting = async {
        while noted.changed().await.is_ok() {
            let done = *noted.borrow_and_update();
            sqlx::query!("update data_exports set rows_done = $3 where host_id = $1 and id = $2", host.0, id, done)
                .execute(&backend.db)
                .await?;
        }
        Ok(())
    };
    let making = async {
        let mut db = backend.db.acquire().await?;
        let mut tx = snapshot(&mut db).await?;
        let mut tell = move |through: i64| {
            if through % NOTE == 0 {
                notes.send_replace(through);
            }
        };
        let file = write::archive(&mut tx, host, backend.clock.now(), &mut tell).await?;
        tx.rollback().await?;
        Ok(file)
    };
    // With the making end the notes.
    let (file, noted): (Result<_>, Result<()>) = futures::join!(making, noting);
    noted?;
    keep(backend, host, id, file?).await
}

async fn keep(backend: &Backend, host: UserId, id: Uuid, mut file: std::fs::File) -> Result<()> {
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
    notifications::actions::enqueue_account(&mut tx, now, host, Kind::ExportReady, &email, None).await?;
    tx.commit().await?;
    Ok(())
}

/// The bytes of the export that is ready, part by part.
///
/// # Errors
/// `SignInAgain` where the password was typed too long ago, `NotFound` where none is ready.
pub async fn parts(backend: &Backend, host: &Host) -> Result<impl Stream<Item = Result<Vec<u8>>> + use<>> {
    host.must_be_recent(backend.clock.now())?;
    let ready = prepared(backend, host).await?.and_then(|prepared| prepared.ready_at);
    ready.ok_or(Problem::NotFound)?;
    let mut db = backend.db.acquire().await?;
    auth::actions::record(&mut db, backend.clock.now(), host, Act::DataExported, "").await?;
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

/// Forgets exports in which guests stand whose time for undo is over.
pub(crate) async fn forget_of(tx: &mut PgConnection, deleted_before: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from data_exports where host_id in (select host_id from guests where deleted_at <= $1)",
        deleted_before,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets the export of a host who deleted what stands in it.
pub(crate) async fn forget(tx: &mut PgConnection, host: UserId) -> Result<()> {
    sqlx::query!("delete from data_exports where host_id = $1", host.0).execute(tx).await?;
    Ok(())
}

/// Forgets exports that were fetched long ago, or never became ready. Run by the schedule.
pub async fn forget_old(backend: &Backend) -> Result<()> {
    let before = backend.clock.now() - TimeDelta::days(KEPT_DAYS);
    sqlx::query!("delete from data_exports where coalesce(ready_at, asked_at) < $1", before)
        .execute(&backend.db)
        .await?;
    Ok(())
}
