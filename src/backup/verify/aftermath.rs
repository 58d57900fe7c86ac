use sqlx::{Acquire, PgConnection};

use super::{Against, Found, Report, Rule, count};
use crate::backup::{Manifest, erasures, journal, tally::tally};

/// What holds for every database, restored or not.
const ALWAYS: &[Rule] = &[Rule {
    name: "erased",
    says: "nobody who was erased is there again",
    sql: "select (select count(*) from erasures e join guests g on e.kind = 'guest' and g.id = e.id)
        + (select count(*) from erasures e join users u on e.kind = 'user' and u.id = e.id)
        + (select count(*) from erasures e join guests g on e.kind = 'anonymous-guest' and g.id = e.id
            where g.erased_at is null)
        + (select count(*) from erasures e join users u on e.kind = 'deleted-user' and u.id = e.id
            where u.deleted_at is null)",
}];

/// What holds until a restored database serves.
const RESTORED: &[Rule] = &[
    Rule {
        name: "restore-noted",
        says: "the database says that it was restored",
        sql: "select (not exists (select from restores))::int::bigint",
    },
    Rule {
        name: "sessions",
        says: "nobody is signed in from before the restore",
        sql: "select count(*) from sessions
            where ended_at is null and created_at <= (select coalesce(max(at), '-infinity') from restores)",
    },
    Rule {
        name: "account-links",
        says: "no link for a password or an address works from before the restore",
        sql: "select count(*) from account_tokens
            where used_at is null and created_at <= (select coalesce(max(at), '-infinity') from restores)",
    },
    Rule {
        name: "outbox-paused",
        says: "no message leaves before somebody looked",
        sql: "select count(*) from outbox_pause where not paused",
    },
];

/// Tables in which a restore has more or fewer rows than the backup.
const GROWING: [&str; 6] = ["_sqlx_migrations", "drills", "erasures", "journal", "restores", "suppressions"];
/// Tables whose rows a restore changes.
const CHANGING: [&str; 4] = ["account_tokens", "notifications", "outbox_pause", "sessions"];

/// Tables whose rows stay, without a name, when somebody is erased.
const ANONYMOUS: [&str; 4] = ["guests", "rsvp_history", "rsvps", "users"];

pub async fn check(db: &mut PgConnection, report: &mut Report, against: &Against<'_>) -> anyhow::Result<()> {
    count(db, report, ALWAYS).await?;
    if let Some(entries) = against.journal {
        let missing = journal::missing(db, against.secrets, entries).await;
        let says = "every suppression and erasure of the journal is applied";
        report.add("journal", says, missing.map(|rows| Found::rows(rows as i64)));
    }
    if !against.live {
        count(db, report, RESTORED).await?;
    }
    if let Some(manifest) = against.manifest {
        let compared = compare(db, manifest).await;
        let (rows, sums) = match compared {
            Ok((rows, sums)) => (Ok(rows), Ok(sums)),
            Err(cause) => (Err(anyhow::anyhow!("{cause:#}")), Err(cause)),
        };
        report.add("rows", "every table has as many rows as the backup's manifest says", rows);
        report.add("contents", "what a restore leaves alone is what the backup held", sums);
    }
    Ok(())
}

async fn compare(db: &mut PgConnection, manifest: &Manifest) -> anyhow::Result<(Found, Found)> {
    let mut tx = db.begin().await?;
    let found = tally(&mut tx).await?;
    let erased = erasures::since(&mut tx, manifest.at).await?;
    tx.rollback().await?;
    let (mut rows, mut contents) = (Vec::new(), Vec::new());
    for (table, told) in &manifest.tables {
        if GROWING.contains(&table.as_str()) {
            continue;
        }
        let is = found.get(table);
        let count = is.map_or(0, |is| is.rows);
        // Those who were erased since took their rows along.
        if count != told.rows && !(erased && count < told.rows) {
            rows.push(format!("{table} has {count} instead of {}", told.rows));
        } else if count == told.rows
            && !CHANGING.contains(&table.as_str())
            && !(erased && ANONYMOUS.contains(&table.as_str()))
            && is.is_some_and(|is| is.checksum != told.checksum)
        {
            contents.push(table.clone());
        }
    }
    Ok((Found::these(rows), Found::these(contents)))
}
