use std::collections::HashSet;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::Store;
use crate::{error::Result, notifications::suppressions, secrets::Secrets};

/// Where the journal lies beside the backups: `journal/2026/11/26/<time>-<id>.json`, one entry a line.
const FOLDER: &str = "journal";
/// Entries of one object.
const BATCH: i64 = 5_000;
/// The advisory lock that one shipment holds; any fixed number does.
const LOCK: i64 = 0x6261_636b_7570_0002;
/// Entries that nobody ships, because backups are not configured, are forgotten after so many days.
const DAYS: i32 = 35;

/// One thing that a restore must not undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub at: DateTime<Utc>,
    pub table: Table,
    /// Taken back: a suppression that was lifted.
    pub gone: bool,
    /// The row.
    pub row: Value,
}

/// What stands in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Table {
    Suppressions,
    Erasures,
}

/// Brings what has gathered in the database to the place where backups are kept. How many entries went.
///
/// # Errors
/// The store or the database is out of reach; the entries stay, and go with the next try. One may go twice.
pub async fn ship(db: &mut PgConnection, store: &Store) -> anyhow::Result<usize> {
    let mut shipped = 0;
    loop {
        let mut tx = db.begin().await?;
        // One at a time, so that names stand in the order of what they hold.
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

/// All entries that are kept, in the order in which they were made. A database that was recovered may ship again, and late,
/// what was shipped before.
pub async fn read(store: &Store) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for listed in store.list(FOLDER).await? {
        let Some(lines) = store.get(&listed.name).await? else { continue };
        for line in String::from_utf8_lossy(&lines).lines() {
            let entry = serde_json::from_str(line).with_context(|| format!("{} is damaged", listed.name))?;
            entries.push(entry);
        }
    }
    entries.sort_by_key(|entry: &Entry| entry.at);
    Ok(entries)
}

/// Entries that this database has not shipped yet. They stand in it already, but must not be undone by older ones.
async fn own(db: &mut PgConnection) -> anyhow::Result<Vec<Entry>> {
    let rows =
        sqlx::query_scalar!(r#"select entry || jsonb_build_object('at', at) as "entry!" from erasure_log order by id"#);
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().map(serde_json::from_value).collect::<Result<_, serde_json::Error>>()?)
}

/// Seconds since the oldest entry that was not shipped; 0: all were.
pub async fn waiting_seconds(db: &PgPool) -> Result<i64> {
    let seconds = sqlx::query_scalar!(
        r#"select coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::bigint as "seconds!" from erasure_log"#
    );
    Ok(seconds.fetch_one(db).await?)
}

/// Applies entries again. Those that the database knows change nothing. How many changed something.
async fn replay(tx: &mut PgConnection, secrets: &Secrets, entries: &[Entry]) -> anyhow::Result<u64> {
    let mut changed = 0;
    for entry in entries {
        let done = match (entry.table, entry.gone) {
            (Table::Suppressions, false) => {
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
            (Table::Suppressions, true) => {
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
            (Table::Erasures, _) => {
                sqlx::query!(
                    "insert into erasures select e.* from jsonb_populate_record(null::erasures, $1) e
                    on conflict do nothing",
                    entry.row,
                )
                .execute(&mut *tx)
                .await
            }
        };
        if let (Table::Suppressions, true, Some(resumed)) = (entry.table, entry.gone, Resumed::of(&entry.row)) {
            suppressions::forget_resumed(tx, secrets, &resumed.hash, resumed.host, &resumed.reason).await?;
        }
        changed += done.context("the journal names what this program does not know")?.rows_affected();
    }
    Ok(changed)
}

/// A suppression that was kept as a hash and taken back.
struct Resumed {
    hash: Vec<u8>,
    host: Option<Uuid>,
    reason: String,
}

impl Resumed {
    fn of(row: &Value) -> Option<Self> {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        // As PostgreSQL writes bytes into JSON.
        let digits = text("address_hash")?.strip_prefix("\\x")?;
        let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let hash = (0..digits.len()).step_by(2).map(byte).collect::<Option<_>>()?;
        Some(Self { hash, host: text("host_id").and_then(|id| id.parse().ok()), reason: text("reason")?.to_owned() })
    }
}

/// The same, together with what the database has not shipped yet, in the order in which all of it happened.
pub(super) async fn replay_with_own(
    tx: &mut PgConnection,
    secrets: &Secrets,
    entries: &[Entry],
) -> anyhow::Result<u64> {
    let mut all = [entries, &own(tx).await?].concat();
    all.sort_by_key(|entry| entry.at);
    let changed = replay(tx, secrets, &all).await?;
    suppressions::veil_known(tx, secrets).await?;
    Ok(changed)
}

/// How many of the entries the database lacks: what would change if they were applied.
pub(super) async fn missing(db: &mut PgConnection, secrets: &Secrets, entries: &[Entry]) -> anyhow::Result<u64> {
    let mut tx = db.begin().await?;
    sqlx::raw_sql("set local guestguard.replaying = 'on'").execute(&mut *tx).await?;
    // Applied as a whole, since a later entry may take back an earlier one; then compared, and nothing is kept of it.
    let before = standing(&mut tx).await?;
    replay_with_own(&mut tx, secrets, entries).await?;
    let after = standing(&mut tx).await?;
    tx.rollback().await?;
    Ok(after.symmetric_difference(&before).count() as u64)
}

async fn standing(tx: &mut PgConnection) -> anyhow::Result<HashSet<String>> {
    let rows: Vec<String> = sqlx::query_scalar(
        "select concat_ws(' ', address, encode(address_hash, 'hex'), reason, host_id) from suppressions
        union all select concat_ws(' ', id, kind) from erasures",
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Forgets what every backup that is kept contains.
pub(super) async fn forget_before(store: &Store, before: DateTime<Utc>) -> anyhow::Result<()> {
    for listed in store.list(FOLDER).await? {
        if listed.changed_at < before {
            store.delete(&listed.name).await?;
        }
    }
    Ok(())
}

/// Forgets entries that are not shipped anywhere.
pub async fn forget_old(db: &PgPool) -> anyhow::Result<()> {
    sqlx::query!("delete from erasure_log where at < now() - make_interval(days => $1)", DAYS).execute(db).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::store::S3;

    #[tokio::test]
    async fn entries_are_read_in_the_order_in_which_they_happened_however_late_they_were_shipped() {
        let folder = tempfile::tempdir().unwrap();
        let place = url::Url::from_directory_path(folder.path()).unwrap();
        let store = Store::open(&place, &S3::default()).unwrap();
        let line = |at: &str, gone| {
            let entry = serde_json::json!({ "at": at, "table": "suppressions", "gone": gone, "row": {} });
            format!("{entry}\n").into_bytes()
        };
        // A database that was recovered ships a second time what it had to ship at that moment.
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
