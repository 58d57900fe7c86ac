//! Table checksums: row counts and hashes by which two copies of a database are compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, PgConnection, Row};

/// The contents of one table in two figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableChecksum {
    pub rows: i64,
    /// The sum of a hash of each row's text, so that the order of the rows does not matter.
    pub checksum: String,
}

/// Settings that a row's text depends on.
const SETTINGS: &str = "set local timezone = 'UTC'; set local datestyle = 'ISO'; set local extra_float_digits = 1;
set local bytea_output = 'hex'; set local intervalstyle = 'postgres';
";

/// Computes the checksums of all tables in the schema `public`, in the caller's transaction.
///
/// # Errors
/// A table cannot be read.
pub async fn compute(db: &mut PgConnection) -> anyhow::Result<BTreeMap<String, TableChecksum>> {
    sqlx::raw_sql(SETTINGS).execute(&mut *db).await?;
    let mut tables = BTreeMap::new();
    for name in table_names(db).await? {
        let row = sqlx::query(AssertSqlSafe(select(&name))).fetch_one(&mut *db).await?;
        tables.insert(name, TableChecksum { rows: row.try_get(0)?, checksum: row.try_get(1)? });
    }
    Ok(tables)
}

fn select(table: &str) -> String {
    format!(
        "select count(*) as rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text as checksum
        from public.\"{}\" t",
        table.replace('"', "\"\"")
    )
}

/// SQL that fails, and so ends its transaction, unless the tables have exactly the `expected` checksums.
pub(crate) fn assertion(expected: &BTreeMap<String, TableChecksum>) -> String {
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let names: Vec<_> = expected.keys().map(|name| literal(name)).collect();
    let tables: Vec<_> = expected
        .iter()
        .map(|(name, table)| {
            format!(
                "select {} as name, {}::bigint as expected_rows, {} as expected_checksum, t.* from ({}) t",
                literal(name),
                table.rows,
                literal(&table.checksum),
                select(name)
            )
        })
        .collect();
    format!(
        "{SETTINGS}
do $assertion$
declare difference text;
begin
    select string_agg(case when rows = expected_rows then format('%s has different contents', name)
        else format('%s has %s rows instead of %s', name, rows, expected_rows) end, ', ') into difference
    from ({}) compared where rows <> expected_rows or checksum <> expected_checksum;
    if difference is not null then
        raise exception 'the dump does not match its manifest: %', difference;
    end if;
    select string_agg(tablename, ', ') into difference from pg_tables
    where schemaname = 'public' and tablename not in ({});
    if difference is not null then
        raise exception 'the dump does not match its manifest, which lacks %', difference;
    end if;
end $assertion$;
",
        tables.join(" union all "),
        names.join(", ")
    )
}

/// The names of the tables in the schema `public`.
///
/// # Errors
/// The database cannot be reached.
pub async fn table_names(db: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public' order by 1")
        .fetch_all(db)
        .await
}
