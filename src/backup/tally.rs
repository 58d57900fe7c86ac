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

/// A row's text depends on these.
const SETTINGS: &str = "set local timezone = 'UTC'; set local datestyle = 'ISO'; set local extra_float_digits = 1;
set local bytea_output = 'hex'; set local intervalstyle = 'postgres';
";

/// Counts all tables of the schema `public`, in the caller's transaction.
pub async fn tally(db: &mut PgConnection) -> anyhow::Result<BTreeMap<String, Tally>> {
    sqlx::raw_sql(SETTINGS).execute(&mut *db).await?;
    let mut tables = BTreeMap::new();
    for name in tables_of(db).await? {
        let row = sqlx::query(AssertSqlSafe(counting(&name))).fetch_one(&mut *db).await?;
        tables.insert(name, Tally { rows: row.try_get(0)?, checksum: row.try_get(1)? });
    }
    Ok(tables)
}

fn counting(table: &str) -> String {
    format!(
        "select count(*) as rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text as checksum
        from public.\"{}\" t",
        table.replace('"', "\"\"")
    )
}

/// SQL that ends the transaction it stands in unless the tables hold exactly what was told of them.
pub fn comparing(told: &BTreeMap<String, Tally>) -> String {
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let names: Vec<_> = told.keys().map(|name| literal(name)).collect();
    let rows: Vec<_> = told
        .iter()
        .map(|(name, tally)| {
            format!(
                "select {} as name, {}::bigint as told_rows, {} as told_checksum, t.* from ({}) t",
                literal(name),
                tally.rows,
                literal(&tally.checksum),
                counting(name)
            )
        })
        .collect();
    format!(
        "{SETTINGS}
do $comparing$
declare differing text;
begin
    select string_agg(format('%s has %s rows instead of %s', name, rows, told_rows) ||
        case when rows = told_rows then ' with other contents' else '' end, ', ') into differing
    from ({}) compared where rows <> told_rows or checksum <> told_checksum;
    if differing is not null then
        raise exception 'the manifest says otherwise: %', differing;
    end if;
    select string_agg(tablename, ', ') into differing from pg_tables
    where schemaname = 'public' and tablename not in ({});
    if differing is not null then
        raise exception 'the manifest says otherwise: it knows nothing of %', differing;
    end if;
end $comparing$;
",
        rows.join(" union all "),
        names.join(", ")
    )
}

/// The names of the tables in the schema `public`.
pub async fn tables_of(db: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public' order by 1")
        .fetch_all(db)
        .await
}
