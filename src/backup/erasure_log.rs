//! Erasure log: suppressions and erasures since a backup, shipped to the store so that a restore does not undo them.

use std::collections::HashSet;

use anyhow::Context;
use chrono::{DateTime, Utc};
use pg_backup::Store;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::{error::Result, notifications::suppressions, secrets::Secrets};

/// The log's folder in the store: `erasure-log/2026/11/26/<time>-<id>.json`, one entry a line.
const FOLDER: &str = "erasure-log";
/// Entries in one object.
const BATCH: i64 = 5_000;
/// The advisory lock that one shipment holds; any fixed number does.
const LOCK: i64 = 0x6261_636b_7570_0002;
/// Where backups are not configured, entries are deleted after this many days.
const UNSHIPPED_DAYS: i32 = 35;

/// One change that a restore must not undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    pub at: DateTime<Utc>,
    pub table: LoggedTable,
    /// The row was deleted: a suppression was removed.
    pub gone: bool,
    pub row: Value,
}

/// The tables whose changes are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoggedTable {
    Suppressions,
    Erasures,
}

/// Moves the log from the database to the store. The number of entries.
///
/// # Errors
/// The store or the database cannot be reached; the entries stay for the next attempt. An entry may be shipped twice.
pub async fn ship(db: &mut PgConnection, store: &Store) -> anyhow::Result<usize> {
    let mut shipped = 0;
    loop {
        let mut tx = db.begin().await?;
        // One shipment at a time, so that the objects' names are in the order of their entries.
        sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *tx).await?;
        let entries = sqlx::query!(
            r#"
            delete from erasure_log where id in (select id from erasure_log order by id limit $1)
            returning id, entry || jsonb_build_object('at', at) as "entry!"
            "#,
            BATCH,
        )
        .fetch_all(&mut *tx)
        .await?;
        if entries.is_empty() {
            return Ok(shipped);
        }
        let mut entries: Vec<_> = entries.into_iter().map(|row| (row.id, row.entry)).collect();
        entries.sort_by_key(|(id, _)| *id);
        let lines: String = entries.iter().map(|(_, entry)| format!("{entry}\n")).collect();
        let now: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp()").fetch_one(&mut *tx).await?;
        let name = format!("{FOLDER}/{}-{}.json", now.format("%Y/%m/%d/%Y%m%dT%H%M%S%.6fZ"), Uuid::now_v7());
        store.put(&name, lines.into_bytes()).await?;
        tx.commit().await?;
        shipped += entries.len();
    }
}

/// All entries in the store, by time. A recovered database may ship entries late, and a second time.
///
/// # Errors
/// The store cannot be reached, or an object is damaged.
pub async fn read(store: &Store) -> anyhow::Result<Vec<LogEntry>> {
    let mut entries = Vec::new();
    for object in store.list(FOLDER).await? {
        let Some(lines) = store.get(&object.name).await? else { continue };
        for line in String::from_utf8_lossy(&lines).lines() {
            let entry = serde_json::from_str(line).with_context(|| format!("{} is damaged", object.name))?;
            entries.push(entry);
        }
    }
    entries.sort_by_key(|entry: &LogEntry| entry.at);
    Ok(entries)
}

/// Entries that this database has not shipped yet. It has them applied, but older entries must not undo them.
async fn unshipped(db: &mut PgConnection) -> anyhow::Result<Vec<LogEntry>> {
    let rows =
        sqlx::query_scalar!(r#"select entry || jsonb_build_object('at', at) as "entry!" from erasure_log order by id"#);
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().map(serde_json::from_value).collect::<Result<_, serde_json::Error>>()?)
}

/// Age of the oldest entry that was not shipped, in seconds; 0: all were.
pub async fn waiting_seconds(db: &PgPool) -> Result<i64> {
    let seconds = sqlx::query_scalar!(
        r#"select coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::bigint as "seconds!" from erasure_log"#
    );
    Ok(seconds.fetch_one(db).await?)
}

/// Applies entries; those already applied change nothing. The number of rows changed.
async fn replay(tx: &mut PgConnection, secrets: &Secrets, entries: &[LogEntry]) -> anyhow::Result<u64> {
    let mut changed = 0;
    for entry in entries {
        let result = match (entry.table, entry.gone) {
            (LoggedTable::Suppressions, false) => {
                sqlx::query!(
                    "insert into suppressions select s.* from jsonb_populate_record(null::suppressions, $1) s
                    where s.host_id is null
                        or exists (select from users u where u.id = s.host_id and u.deleted_at is null)
                    on conflict on constraint suppressions_key do nothing",
                    entry.row,
                )
                .execute(&mut *tx)
                .await
            }
            (LoggedTable::Suppressions, true) => {
                sqlx::query!(
                    "delete from suppressions s using jsonb_populate_record(null::suppressions, $1) gone
                    where (s.address, s.address_hash, s.host_id)
                            is not distinct from (gone.address, gone.address_hash, gone.host_id)
                        and s.reason = gone.reason",
                    entry.row,
                )
                .execute(&mut *tx)
                .await
            }
            (LoggedTable::Erasures, _) => {
                sqlx::query!(
                    "insert into erasures select e.* from jsonb_populate_record(null::erasures, $1) e
                    on conflict do nothing",
                    entry.row,
                )
                .execute(&mut *tx)
                .await
            }
        };
        if let (LoggedTable::Suppressions, true, Some(removed)) = (entry.table, entry.gone, RemovedHash::of(&entry.row))
        {
            suppressions::remove_resubscribed(tx, secrets, &removed.hash, removed.host, &removed.reason).await?;
        }
        changed += result.context("the erasure log has a row that this version cannot read")?.rows_affected();
    }
    Ok(changed)
}

/// A removed suppression whose address was kept as a hash.
struct RemovedHash {
    hash: Vec<u8>,
    host: Option<Uuid>,
    reason: String,
}

impl RemovedHash {
    fn of(row: &Value) -> Option<Self> {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        // As PostgreSQL writes bytes into JSON.
        let digits = text("address_hash")?.strip_prefix("\\x")?;
        let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let hash = (0..digits.len()).step_by(2).map(byte).collect::<Option<_>>()?;
        Some(Self { hash, host: text("host_id").and_then(|id| id.parse().ok()), reason: text("reason")?.to_owned() })
    }
}

/// Applies `entries` and those that the database has not shipped yet, by time.
pub(super) async fn replay_with_unshipped(
    tx: &mut PgConnection,
    secrets: &Secrets,
    entries: &[LogEntry],
) -> anyhow::Result<u64> {
    let mut all = [entries, &unshipped(tx).await?].concat();
    all.sort_by_key(|entry| entry.at);
    let changed = replay(tx, secrets, &all).await?;
    suppressions::hash_known_addresses(tx, secrets).await?;
    Ok(changed)
}

/// The number of rows that applying the entries would change.
pub(super) async fn missing(db: &mut PgConnection, secrets: &Secrets, entries: &[LogEntry]) -> anyhow::Result<u64> {
    let mut tx = db.begin().await?;
    sqlx::raw_sql("set local guestguard.replaying = 'on'").execute(&mut *tx).await?;
    // All at once, since a later entry may reverse an earlier one; then rolled back.
    let before = rows(&mut tx).await?;
    replay_with_unshipped(&mut tx, secrets, entries).await?;
    let after = rows(&mut tx).await?;
    tx.rollback().await?;
    Ok(after.symmetric_difference(&before).count() as u64)
}

async fn rows(tx: &mut PgConnection) -> anyhow::Result<HashSet<String>> {
    let rows: Vec<String> = sqlx::query_scalar(
        "select concat_ws(' ', address, encode(address_hash, 'hex'), reason, host_id) from suppressions
        union all select concat_ws(' ', id, kind) from erasures",
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Deletes shipped entries from before this time, which every remaining backup contains.
pub(super) async fn delete_before(store: &Store, before: DateTime<Utc>) -> anyhow::Result<()> {
    for object in store.list(FOLDER).await? {
        if object.changed_at < before {
            store.delete(&object.name).await?;
        }
    }
    Ok(())
}

/// Deletes old entries where backups are not configured, and nothing is shipped.
pub async fn delete_unshipped(db: &PgPool) -> anyhow::Result<()> {
    sqlx::query!("delete from erasure_log where at < now() - make_interval(days => $1)", UNSHIPPED_DAYS)
        .execute(db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use pg_backup::store::S3;

    use super::*;

    #[tokio::test]
    async fn entries_are_read_in_the_order_of_their_time_however_late_they_were_shipped() {
        let folder = tempfile::tempdir().unwrap();
        let url = url::Url::from_directory_path(folder.path()).unwrap();
        let store = Store::open(&url, &S3::default()).unwrap();
        let line = |at: &str, gone| {
            let entry = serde_json::json!({ "at": at, "table": "suppressions", "gone": gone, "row": {} });
            format!("{entry}\n").into_bytes()
        };
        // A recovered database ships a second time what was unshipped at that moment.
        for (name, at, gone) in
            [("1", "12:00", false), ("2", "12:01", true), ("3", "12:02", false), ("4", "12:01", true)]
        {
            store
                .put(&format!("{FOLDER}/2027/{name}.json"), line(&format!("2027-01-01T{at}:00Z"), gone))
                .await
                .unwrap();
        }
        let gone: Vec<_> = read(&store).await.unwrap().into_iter().map(|entry| entry.gone).collect();
        assert_eq!(gone, [false, true, true, false]);
    }
}
