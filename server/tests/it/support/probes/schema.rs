//! Tables and columns by name, for tests of the schema and of what follows it.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

/// Table and name of every column, without the table of migrations.
pub async fn columns(db: &PgPool) -> Vec<(String, String)> {
    let sql = "select c.table_name::text, c.column_name::text from information_schema.columns c
        join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.table_name <> '_sqlx_migrations'";
    sqlx::query_as(sql).fetch_all(db).await.unwrap()
}

/// How many rows a table has.
pub async fn rows(db: &PgPool, table: &str) -> i64 {
    count(db, format!("select count(*) from {table}")).await
}

/// How many rows of a table have something in a column: not null, no empty text, object or array.
pub async fn filled_rows(db: &PgPool, table: &str, column: &str) -> i64 {
    count(
        db,
        format!(
            "select count(*) from public.{table} where {column} is not null and {column}::text not in ('', '{{}}', '[]')"
        ),
    )
    .await
}

/// The rows of a table that belong to a host by the column `owner`, with all columns. An audit log comes without its exports.
pub async fn rows_of_host(db: &PgPool, table: &str, owner: &str, host: Uuid) -> Vec<Value> {
    let condition = if table == "audit_log" { "and kind <> 'data-exported'" } else { "" };
    let sql = format!("select to_jsonb(t) from public.{table} t where {owner} = $1 {condition}");
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(host).fetch_all(db).await.unwrap()
}

/// Guests whose stored status is not the one that their other rows give.
pub async fn wrong_guest_statuses(db: &PgPool) -> i64 {
    let sql = "select count(*) from current_guest_status c
        left join guest_status s on s.host_id = c.host_id and s.guest_id = c.guest_id
        where s.* is distinct from c.*";
    super::number(db, sql, None).await
}

async fn count(db: &PgPool, sql: String) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(db).await.unwrap()
}
