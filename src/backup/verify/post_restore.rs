//! Post-restore checks: erasures hold, nobody is signed in, the outbox is paused, and the contents match the manifest.

use pg_backup::{Manifest, checksums};
use sqlx::{Acquire, PgConnection};

use super::{Check, VerifyOptions, VerifyReport, Violations, count};
use crate::backup::{erasure_log, erasures};

/// Checks for every database, restored or not.
const ALWAYS: &[Check] = &[Check {
    name: "erased",
    says: "nobody who was erased is back",
    sql: "select (select count(*) from erasures e join guests g on e.kind = 'guest' and g.id = e.id)
        + (select count(*) from erasures e join users u on e.kind = 'user' and u.id = e.id)
        + (select count(*) from erasures e join guests g on e.kind = 'anonymous-guest' and g.id = e.id
            where g.erased_at is null)
        + (select count(*) from erasures e join users u on e.kind = 'deleted-user' and u.id = e.id
            where u.deleted_at is null)",
}];

/// Checks that pass until a restored database serves.
const RESTORED: &[Check] = &[
    Check {
        name: "restore-noted",
        says: "the restore is recorded",
        sql: "select (not exists (select from restores))::int::bigint",
    },
    Check {
        name: "sessions",
        says: "no session from before the restore is open",
        sql: "select count(*) from sessions
            where ended_at is null and created_at <= (select coalesce(max(at), '-infinity') from restores)",
    },
    Check {
        name: "account-links",
        says: "no password or email link from before the restore works",
        sql: "select count(*) from account_tokens
            where used_at is null and created_at <= (select coalesce(max(at), '-infinity') from restores)",
    },
    Check {
        name: "outbox-paused",
        says: "no message is sent until an operator resumes the outbox",
        sql: "select count(*) from outbox_pause where not paused",
    },
];

/// Tables in which a restore adds or deletes rows.
const GROWING: [&str; 6] = ["_sqlx_migrations", "drills", "erasure_log", "erasures", "restores", "suppressions"];
/// Tables whose rows a restore changes.
const CHANGING: [&str; 5] = ["account_tokens", "guest_status", "notifications", "outbox_pause", "sessions"];

/// Tables whose rows an erasure anonymises instead of deleting.
const ANONYMOUS: [&str; 4] = ["guests", "rsvp_history", "rsvps", "users"];

pub async fn check(
    db: &mut PgConnection,
    report: &mut VerifyReport,
    options: &VerifyOptions<'_>,
) -> anyhow::Result<()> {
    count(db, report, ALWAYS).await?;
    if let Some(entries) = options.erasure_log {
        let missing = erasure_log::missing(db, options.secrets, entries).await;
        let says = "every suppression and erasure of the erasure log is applied";
        report.add("erasure-log", says, missing.map(|rows| Violations::rows(rows as i64)));
    }
    if !options.serving {
        count(db, report, RESTORED).await?;
    }
    if let Some(manifest) = options.manifest {
        let (rows, contents) = match compare(db, manifest).await {
            Ok((rows, contents)) => (Ok(rows), Ok(contents)),
            Err(cause) => (Err(anyhow::anyhow!("{cause:#}")), Err(cause)),
        };
        report.add("rows", "every table has as many rows as the manifest says", rows);
        report.add("contents", "the tables that a restore does not change are as in the backup", contents);
    }
    Ok(())
}

async fn compare(db: &mut PgConnection, manifest: &Manifest) -> anyhow::Result<(Violations, Violations)> {
    let mut tx = db.begin().await?;
    let actual = checksums::compute(&mut tx).await?;
    let erased = erasures::since(&mut tx, manifest.at).await?;
    tx.rollback().await?;
    let (mut rows, mut contents) = (Vec::new(), Vec::new());
    for (table, expected) in &manifest.tables {
        if GROWING.contains(&table.as_str()) {
            continue;
        }
        let actual = actual.get(table);
        let count = actual.map_or(0, |actual| actual.rows);
        // Erasures since the backup deleted rows.
        if count != expected.rows && !(erased && count < expected.rows) {
            rows.push(format!("{table} has {count} instead of {}", expected.rows));
        } else if count == expected.rows
            && !CHANGING.contains(&table.as_str())
            && !(erased && ANONYMOUS.contains(&table.as_str()))
            && actual.is_some_and(|actual| actual.checksum != expected.checksum)
        {
            contents.push(table.clone());
        }
    }
    Ok((Violations::named(rows), Violations::named(contents)))
}
