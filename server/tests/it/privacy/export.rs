//! Export of an account's data.

use std::{collections::BTreeMap, io::Read, time::Instant};

use guestguard::privacy::export::{MAX_ROWS, PARTS};
use serde_json::Value;
use sqlx::PgPool;

use super::populated::Populated;
use crate::support::{Actor, App, PASSWORD, probes};

/// Compares an export with the rows of the database. Returns how many rows it compared.
async fn compare(db: &PgPool, export: &Value) -> usize {
    let host: uuid::Uuid = export["account"][0]["id"].as_str().unwrap().parse().unwrap();
    let mut compared = 0;
    for part in PARTS {
        let mut wanted: Vec<String> = probes::rows_of_host(db, part.table, part.owner, host)
            .await
            .into_iter()
            .map(|mut row| {
                for column in part.without {
                    assert!(row.as_object_mut().unwrap().remove(*column).is_some(), "{column} of {}", part.table);
                }
                row.to_string()
            })
            .collect();
        // The export is logged after it was read.
        let exported = export[part.name].as_array().unwrap().iter().filter(|row| row["kind"] != "data-exported");
        let mut exported: Vec<String> = exported.map(Value::to_string).collect();
        wanted.sort();
        exported.sort();
        assert_eq!(exported.len(), wanted.len(), "{}", part.name);
        for (exported, wanted) in exported.iter().zip(&wanted) {
            assert_eq!(exported, wanted, "{}", part.name);
        }
        compared += exported.len();
    }
    compared
}

async fn fetch(host: &Actor, path: &str) -> Vec<u8> {
    let response = host.send("GET", path, None).await;
    assert_eq!(response.status, 200, "{}", response.body);
    host.download(path).await
}

#[apply(app_test)]
async fn data_export_complete(app: App) {
    let account = Populated::new(&app).await;
    let ben = app.host("Ben").await;
    let event = ben.plan(&[("form[title]", "Ben's own dinner")]).await;
    ben.paste(event, "Somebody Else <else@example.org>").await;
    app.jobs().clear().await;

    let raw = fetch(&account.host, "/me/data-export").await;
    let text = String::from_utf8(raw).unwrap();
    let export: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&export["format"], &export["version"]), (&"guestguard-export".into(), &1.into()));
    for part in PARTS {
        assert!(!export[part.name].as_array().unwrap().is_empty(), "{} is empty", part.name);
    }
    for personal in account.of_host.iter().chain(&account.of_guest) {
        assert!(text.contains(personal.as_str()), "{personal}");
    }
    assert!(!text.contains("Ben's own dinner") && !text.contains("else@example.org"));
    for secret in ["password_hash", "token_hash", "token_sealed", "network_hash", "address_hash", "argon2"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let token = account.link.trim_start_matches("/i/");
    assert!(!text.contains(token) && !text.contains(PASSWORD));

    // The archive, which the account page offers, has the same.
    let form = account.host.send_form("/dashboard/account/export", &[("format", "zip")]).await;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(form)).unwrap();
    let mut document = String::new();
    archive.by_name("data.json").unwrap().read_to_string(&mut document).unwrap();
    let packed: Value = serde_json::from_str(&document).unwrap();
    for part in PARTS {
        if part.name != "audit_log" {
            assert_eq!(packed[part.name], export[part.name], "{}", part.name);
        }
        let mut table = String::new();
        archive.by_name(&format!("{}.csv", part.name)).unwrap().read_to_string(&mut table).unwrap();
        let mut reader = csv::Reader::from_reader(table.trim_start_matches('\u{feff}').as_bytes());
        let headings = reader.headers().unwrap().clone();
        let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
        assert_eq!(rows.len(), packed[part.name].as_array().unwrap().len(), "{}", part.name);
        for (row, exported) in rows.iter().zip(packed[part.name].as_array().unwrap()) {
            assert_eq!(headings.len(), exported.as_object().unwrap().len());
            for (column, cell) in row {
                let wanted = match &exported[column] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(guestguard::guests::cells::unescape_formula(cell), wanted, "{} {column}", part.name);
            }
        }
    }
    assert!(compare(&app.backend.db, &packed).await > 20);
    let noted = account.host.get("/dashboard/account").await.ok();
    assert!(noted.contains("Account data exported"));
}

#[apply(app_test)]
async fn a_large_export_is_prepared_and_announced_by_email(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    app.add_guests(MAX_ROWS).await;
    let refused = ana.send("GET", "/me/data-export", None).await;
    assert_eq!((refused.status.as_u16(), refused.body.as_str()), (409, r#"{"Conflict":"ExportToPrepare"}"#));
    assert_eq!(app.anonymous().send("GET", "/me/data-export", None).await.status, 401);
    assert_eq!(app.anonymous().send("POST", "/me/data-export", None).await.status, 401);

    // One click in the browser is enough.
    let clicked = ana.post("/dashboard/account/export", "/dashboard/account", &[("format", "zip")]).await;
    assert_eq!(clicked.location(), "/dashboard/account#data");
    let page = ana.get("/dashboard/account").await.ok();
    assert!(page.contains("preparing your export") && page.contains("is being prepared"), "{page}");
    let waiting = ana.send("GET", "/me/data-export", None).await;
    assert_eq!((waiting.status.as_u16(), waiting.body.as_str()), (202, r#"{"percent":0,"state":"preparing"}"#));
    assert_eq!(ana.send("POST", "/me/data-export", None).await.status, 202, "asked twice, it is made once");
    app.work().await;
    assert!(app.emails("ana@example.org").await[0].contains("download your data"));
    assert!(ana.get("/dashboard/account").await.ok().contains("has been ready since"));
    let archive = fetch(&ana, "/me/data-export").await;
    let clicked = ana.send_form("/dashboard/account/export", &[("format", "prepared")]).await;
    assert_eq!(archive, clicked);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let mut document = String::new();
    archive.by_name("data.json").unwrap().read_to_string(&mut document).unwrap();
    let export: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(export["guests"].as_array().unwrap().len() as i64, MAX_ROWS);
    assert_eq!(export["events"][0]["id"], event.to_string());
    app.age_reauthentication().await;
    assert_eq!(ana.send("GET", "/me/data-export", None).await.body, "\"SignInAgain\"");
}

#[apply(app_test)]
async fn an_export_during_writes_is_a_consistent_snapshot(app: App) {
    let ana = app.host("Ana").await;
    ana.plan(&[]).await;
    // A guest and their reply are written in one transaction, but are in two parts of the export.
    let writing = tokio::spawn(probes::keep_adding_guests_with_replies(app.backend.db.clone()));
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let export: Value = serde_json::from_slice(&ana.send_form("/dashboard/account/export", &[]).await).unwrap();
        let rows = |part: &str| export[part].as_array().unwrap().len();
        assert_eq!(rows("guests"), rows("rsvps"));
        seen.insert(rows("guests"));
    }
    writing.abort();
    assert!(seen.len() > 3, "nothing was written meanwhile: {seen:?}");
}

/// `cargo test -p server --test it ten_events_of_a_thousand_guests -- --ignored --nocapture`
#[apply(app_test)]
#[ignore = "measures time and memory"]
async fn ten_events_of_a_thousand_guests_are_exported(app: App) {
    let ana = app.host("Ana").await;
    app.add_ten_thousand_guests().await;
    for format in ["json", "zip"] {
        let (begun, before) = (Instant::now(), memory());
        let raw = ana.send_form("/dashboard/account/export", &[("format", format)]).await;
        let took = begun.elapsed();
        // Without the copy that the test itself holds.
        let grown = peak().saturating_sub(before).saturating_sub(raw.len() as u64 / 1024);
        println!(
            "{format}: {} kB in {took:?}; the process, test and all, grew by at most {grown} kB",
            raw.len() / 1024
        );
        if format == "json" {
            let export: Value = serde_json::from_slice(&raw).unwrap();
            println!("{} rows compared with the database", compare(&app.backend.db, &export).await);
        }
    }
    let begun = Instant::now();
    ana.post("/api/privacy/delete-account", "/dashboard/account/delete", &[("form[confirmation]", "ana@example.org")])
        .await
        .location();
    println!("deleted in {:?}", begun.elapsed());
    assert_eq!(app.guests().await, 0);
}

/// Resident memory, in kilobytes.
fn memory() -> u64 {
    kilobytes("VmRSS:")
}

/// The peak of resident memory, in kilobytes.
fn peak() -> u64 {
    kilobytes("VmHWM:")
}

fn kilobytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}
