//! Schema checks: tables, migrations, constraints, indexes, triggers and sequences are as the migrations made them.

use std::collections::BTreeSet;

use anyhow::Context;
use pg_backup::checksums::table_names;
use sqlx::{Acquire, AssertSqlSafe, PgConnection, Row};

use super::{VerifyReport, Violations, named};
use crate::migrations::MIGRATOR;

/// The tables that the migrations create in the schema `public`.
pub(super) const TABLES: [&str; 32] = [
    "_sqlx_migrations",
    "accesses",
    "account_tokens",
    "audit_log",
    "billing_customers",
    "data_export_parts",
    "data_exports",
    "delivery_events",
    "drills",
    "erasure_log",
    "erasures",
    "events",
    "guest_status",
    "guests",
    "import_rows",
    "imports",
    "invitations",
    "manual_deliveries",
    "message_templates",
    "notifications",
    "outbox_pause",
    "reminder_rules",
    "restores",
    "rsvp_history",
    "rsvps",
    "sessions",
    "sign_in_failures",
    "stripe_prices",
    "subscriptions",
    "suppressions",
    "users",
    "webhook_events",
];

pub async fn check(db: &mut PgConnection, report: &mut VerifyReport) -> anyhow::Result<()> {
    let present: BTreeSet<_> = table_names(db).await?.into_iter().collect();
    let missing = TABLES.iter().filter(|name| !present.contains(**name)).map(ToString::to_string).collect();
    report.add("tables", "every table exists", Ok(Violations::named(missing)));
    report.add(
        "shape",
        "every column, index, constraint, trigger and function is as the migrations made it",
        shape(db).await,
    );
    migrations(db, report).await?;
    report.add("extensions", "the extensions for search exist", named(db, EXTENSIONS).await);
    report.add("constraints", "every constraint was checked against its rows", named(db, CONSTRAINTS).await);
    report.add("indexes", "every index is valid", named(db, INDEXES).await);
    report.add(
        "triggers",
        "the triggers of the erasure log exist, and every trigger is enabled",
        named(db, TRIGGERS).await,
    );
    report.add("sequences", "every sequence is ahead of its column", sequences(db).await);
    report.add("queue", "the tables of the job queue exist", named(db, QUEUE).await);
    Ok(())
}

const EXTENSIONS: &str = "select name from unnest(array['unaccent', 'pg_trgm']) as wanted (name)
    where not exists (select from pg_extension where extname = name)";
const CONSTRAINTS: &str = "select conrelid::regclass || '.' || conname from pg_constraint c
    join pg_namespace n on n.oid = c.connamespace
    where not c.convalidated and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";
const INDEXES: &str = "select indexrelid::regclass::text from pg_index where not (indisvalid and indisready)";
const TRIGGERS: &str =
    "select name from unnest(array['suppressions_log_erasure', 'erasures_log_erasure', 'guests_record_erasure', 'users_record_erasure',
        'guests_record_anonymisation', 'users_record_anonymisation', 'erasures_forbid_change']) as wanted (name)
    where not exists (select from pg_trigger where tgname = name)
    union all select distinct tgrelid::regclass::text || ' has disabled triggers' from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = 'public'::regnamespace and tgenabled not in ('O', 'A')";
const QUEUE: &str = "select name from unnest(array['_private_jobs', '_private_job_queues', '_private_tasks', '_private_known_crontabs'])
    as wanted (name) where to_regclass('graphile_worker.' || name) is null";

/// Differences from the schema that `bin/prepare` wrote to `shape.txt`.
async fn shape(db: &mut PgConnection) -> anyhow::Result<Violations> {
    let mut tx = db.begin().await?;
    let actual = sqlx::query_scalar::<_, String>(include_str!("shape.sql")).fetch_all(&mut *tx).await;
    tx.rollback().await?;
    let actual: BTreeSet<_> = actual?.into_iter().collect();
    let expected: BTreeSet<_> = include_str!("shape.txt").lines().map(ToOwned::to_owned).collect();
    let missing = expected.difference(&actual).map(|line| format!("no {line}"));
    Ok(Violations::named(missing.chain(actual.difference(&expected).map(|line| format!("unknown {line}"))).collect()))
}

async fn migrations(db: &mut PgConnection, report: &mut VerifyReport) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    let applied = sqlx::query("select version, checksum, success from _sqlx_migrations").fetch_all(&mut *tx).await;
    tx.rollback().await?;
    let applied: Vec<(i64, Vec<u8>, bool)> = applied
        .unwrap_or_default()
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect::<sqlx::Result<_>>()?;
    let known: Vec<_> = MIGRATOR.iter().filter(|migration| migration.migration_type.is_up_migration()).collect();
    let missing = known
        .iter()
        .filter(|known| applied.iter().all(|(version, ..)| *version != known.version))
        .map(|known| known.version);
    let changed = applied.iter().filter(|(version, checksum, _)| {
        known.iter().any(|known| known.version == *version && *known.checksum != **checksum)
    });
    let dirty = applied.iter().filter(|(.., success)| !success);
    let newer = applied.iter().filter(|(version, ..)| known.iter().all(|known| known.version != *version));
    let names = |versions: Vec<i64>| Ok(Violations::named(versions.iter().map(ToString::to_string).collect()));
    report.add("migrations", "every migration is applied", names(missing.collect()));
    report.add(
        "checksums-of-migrations",
        "every migration is the one of this version",
        names(changed.map(|(version, ..)| *version).collect()),
    );
    report.add("dirty-migrations", "no migration failed halfway", names(dirty.map(|(version, ..)| *version).collect()));
    report.add(
        "newer-migrations",
        "no migration is newer than this version",
        names(newer.map(|(version, ..)| *version).collect()),
    );
    Ok(())
}

async fn sequences(db: &mut PgConnection) -> anyhow::Result<Violations> {
    let owned = sqlx::query(
        "select format('%I.%I', sn.nspname, s.relname), format('%I.%I', tn.nspname, t.relname), quote_ident(a.attname)
        from pg_depend d
        join pg_class s on s.oid = d.objid and s.relkind = 'S'
        join pg_namespace sn on sn.oid = s.relnamespace
        join pg_class t on t.oid = d.refobjid
        join pg_namespace tn on tn.oid = t.relnamespace
        join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
        where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')",
    )
    .fetch_all(&mut *db)
    .await?;
    let mut behind = Vec::new();
    for row in owned {
        let (sequence, table, column): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let sql = format!(
            "select coalesce((select max({column}) from {table}), 0) >= last_value + is_called::int from {sequence}"
        );
        if sqlx::query_scalar::<_, bool>(AssertSqlSafe(sql)).fetch_one(&mut *db).await? {
            behind.push(sequence);
        }
    }
    Ok(Violations::named(behind))
}

/// Checks every page of every index and table by amcheck.
pub async fn pages(db: &mut PgConnection) -> anyhow::Result<Violations> {
    let mut tx = db.begin().await?;
    sqlx::raw_sql("create extension if not exists amcheck")
        .execute(&mut *tx)
        .await
        .context("the extension amcheck cannot be created; a superuser must run once: create extension amcheck")?;
    let allowed = "select has_function_privilege('bt_index_parent_check(regclass, boolean)', 'execute')
        and has_function_privilege('verify_heapam(regclass, boolean, boolean, text, bigint, bigint)', 'execute')";
    let allowed: bool = sqlx::query_scalar(allowed).fetch_one(&mut *tx).await?;
    anyhow::ensure!(
        allowed,
        "this role may not execute amcheck's functions; verify as a superuser, or grant them to this role"
    );
    let indexes: Vec<(i64, String)> = sqlx::query_as(
        "select c.oid::bigint, c.oid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid
        join pg_am a on a.oid = c.relam join pg_namespace n on n.oid = c.relnamespace
        where a.amname = 'btree' and i.indisvalid and n.nspname !~ '^pg_toast'",
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut broken = Vec::new();
    for (index, name) in indexes {
        let mut one = tx.begin().await?;
        let result =
            sqlx::query("select bt_index_parent_check($1::oid::regclass, true)").bind(index).execute(&mut *one).await;
        if let Err(cause) = result {
            broken.push(format!("{name}: {cause}"));
        }
        one.rollback().await?;
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass || ': ' || f.msg from pg_class c join pg_namespace n on n.oid = c.relnamespace,
            lateral verify_heapam(c.oid::regclass) f
        where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'",
    )
    .fetch_all(&mut *tx)
    .await?;
    broken.extend(tables);
    tx.rollback().await?;
    Ok(Violations::named(broken))
}
