use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, PgConnection, Row};

/// What a table holds, told so that another copy of it can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub rows: i64,
    /// The sum of a hash over each row's text, whatever their order.
    pub checksum: String,
}

/// Counts all tables of the schema `public`, in the caller's transaction.
pub async fn tally(db: &mut PgConnection) -> anyhow::Result<BTreeMap<String, Tally>> {
    // A row's text depends on these.
    sqlx::raw_sql(
        "set local timezone = 'UTC'; set local datestyle = 'ISO'; set local extra_float_digits = 1;
        set local bytea_output = 'hex'; set local intervalstyle = 'postgres'",
    )
    .execute(&mut *db)
    .await?;
    let mut tables = BTreeMap::new();
    for name in tables_of(db).await? {
        let sql = format!(
            "select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text from public.\"{}\" t",
            name.replace('"', "\"\"")
        );
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut *db).await?;
        tables.insert(name, Tally { rows: row.try_get(0)?, checksum: row.try_get(1)? });
    }
    Ok(tables)
}

/// The names of the tables in the schema `public`.
pub async fn tables_of(db: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public' order by 1")
        .fetch_all(db)
        .await
}
