//! The register of personal data (docs/PRIVACY_DATA_MAP.md) and the schema.

use std::collections::{BTreeMap, BTreeSet};

use guestguard::privacy::export::PARTS;
use sqlx::PgPool;

use super::populated::Populated;
use crate::support::{App, probes};

/// A personal column of the register.
struct Entry {
    column: String,
    /// The part of an export that has it, or why there is none.
    copy: String,
}

/// The register: personal columns and other columns of each table.
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
async fn every_column_is_in_the_register(db: PgPool) {
    let columns: BTreeSet<_> = probes::columns(&db).await.into_iter().collect();
    let mut registered = BTreeSet::new();
    for (table, (personal, others)) in register() {
        for column in personal.into_iter().map(|entry| entry.column).chain(others) {
            assert!(registered.insert((table.clone(), column.clone())), "{table}.{column} is there twice");
        }
    }
    let missing: Vec<_> = columns.difference(&registered).collect();
    let stale: Vec<_> = registered.difference(&columns).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "not in docs/PRIVACY_DATA_MAP.md: {missing:?}; only there: {stale:?}"
    );
}

#[test]
fn the_register_names_the_part_of_an_export_that_has_a_personal_column_or_why_none_has() {
    for (table, (personal, _)) in register() {
        let part = PARTS.iter().find(|part| part.table == table);
        for Entry { column, copy } in personal {
            let exported = part.filter(|part| !part.without.contains(&&*column));
            match exported {
                Some(part) => assert!(copy.contains(&format!("`{}`", part.name)), "{table}.{column}: {copy}"),
                None => assert!(copy.starts_with("none: ") || copy == "the export itself", "{table}.{column}: {copy}"),
            }
        }
    }
}

#[apply(app_test)]
async fn the_account_that_tests_export_and_erase_has_data_in_every_personal_column(app: App) {
    Populated::new(&app).await;
    let mut empty = Vec::new();
    for (table, (personal, _)) in register() {
        for Entry { column, .. } in personal {
            if probes::filled_rows(&app.backend.db, &table, &column).await == 0 {
                empty.push(format!("{table}.{column}"));
            }
        }
    }
    // Nobody is erased yet. Other tests do that.
    assert_eq!(empty, ["suppressions.address_hash"]);
}
