use std::collections::{BTreeMap, BTreeSet};

use guestguard::privacy::export::PARTS;
use sqlx::{AssertSqlSafe, PgPool};

use super::populated::Populated;
use crate::support::App;

/// One column about somebody, as the register says.
struct Entry {
    column: String,
    copy: String,
}

/// The register: for each table the columns about somebody, and the others.
fn register() -> BTreeMap<String, (Vec<Entry>, BTreeSet<String>)> {
    let text = include_str!("../../../../docs/PRIVACY_DATA_MAP.md");
    let mut tables = BTreeMap::new();
    for section in text.split("\n## ").skip(1) {
        let (table, rest) = section.split_once('\n').unwrap();
        let mut personal = Vec::new();
        for row in rest.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 7, "{table}: {row}");
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{table}: {row}");
            personal.push(Entry { column: cells[0].trim_matches('`').to_owned(), copy: cells[5].to_owned() });
        }
        let others =
            rest.split("Nothing personal: ").nth(1).unwrap_or_else(|| panic!("{table} says nothing of the rest"));
        let others = others.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect();
        tables.insert(table.to_owned(), (personal, others));
    }
    tables
}

#[apply(app_test)]
async fn every_column_has_its_entry_in_the_register(db: PgPool) {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select c.table_name::text, c.column_name::text from information_schema.columns c
        join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    let there: BTreeSet<_> = columns.into_iter().collect();
    let mut told = BTreeSet::new();
    for (table, (personal, others)) in register() {
        for column in personal.into_iter().map(|entry| entry.column).chain(others) {
            assert!(told.insert((table.clone(), column.clone())), "{table}.{column} stands there twice");
        }
    }
    let missing: Vec<_> = there.difference(&told).collect();
    let stale: Vec<_> = told.difference(&there).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "not in docs/PRIVACY_DATA_MAP.md: {missing:?}; only there: {stale:?}"
    );
}

#[test]
fn the_register_says_of_every_column_in_which_part_of_an_export_it_is_or_why_not() {
    for (table, (personal, _)) in register() {
        let part = PARTS.iter().find(|part| part.table == table);
        for Entry { column, copy } in personal {
            let goes = part.filter(|part| !part.without.contains(&&*column));
            match goes {
                Some(part) => assert!(copy.contains(&format!("`{}`", part.name)), "{table}.{column}: {copy}"),
                None => assert!(copy.starts_with("none: ") || copy == "the export itself", "{table}.{column}: {copy}"),
            }
        }
    }
}

#[apply(app_test)]
async fn the_account_on_which_exports_and_erasures_are_tried_holds_something_in_every_column(app: App) {
    Populated::new(&app).await;
    let mut empty = Vec::new();
    for (table, (personal, _)) in register() {
        for Entry { column, .. } in personal {
            let sql = format!(
                "select count(*) from public.{table} where {column} is not null and {column}::text not in ('', '{{}}', '[]')"
            );
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&app.backend.db).await.unwrap();
            if rows == 0 {
                empty.push(format!("{table}.{column}"));
            }
        }
    }
    // Who was erased before anybody is: the other tests make that.
    assert_eq!(empty, ["suppressions.address_hash"]);
}
