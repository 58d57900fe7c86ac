use std::{collections::BTreeMap, io::Read, time::Instant};

use guestguard::privacy::export::{MOST_ROWS, PARTS};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};

use super::populated::Populated;
use crate::support::{Actor, App, PASSWORD};

/// Compares an export with the database, row by row and value by value, by another way than it was written.
async fn compare(db: &PgPool, export: &Value) -> usize {
    let host: uuid::Uuid = export["account"][0]["id"].as_str().unwrap().parse().unwrap();
    let mut compared = 0;
    for part in PARTS {
        // That it was taken along is written down when it is made.
        let before = if part.table == "audit_log" { "and kind <> 'data-exported'" } else { "" };
        let sql = format!("select to_jsonb(t) from public.{} t where {} = $1 {before}", part.table, part.owner);
        let rows: Vec<Value> = sqlx::query_scalar(AssertSqlSafe(sql)).bind(host).fetch_all(db).await.unwrap();
        let mut wanted: Vec<String> = rows
            .into_iter()
            .map(|mut row| {
                for column in part.without {
                    assert!(row.as_object_mut().unwrap().remove(*column).is_some(), "{column} of {}", part.table);
                }
                row.to_string()
            })
            .collect();
        let told = export[part.name].as_array().unwrap().iter().filter(|row| row["kind"] != "data-exported");
        let mut told: Vec<String> = told.map(Value::to_string).collect();
        wanted.sort();
        told.sort();
        assert_eq!(told.len(), wanted.len(), "{}", part.name);
        for (told, wanted) in told.iter().zip(&wanted) {
            assert_eq!(told, wanted, "{}", part.name);
        }
        compared += told.len();
    }
    compared
}

async fn fetch(host: &Actor, path: &str) -> Vec<u8> {
    let answer = host.send("GET", path, None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
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
    for said in account.of_host.iter().chain(&account.of_guest) {
        assert!(text.contains(said.as_str()), "{said}");
    }
    assert!(!text.contains("Ben's own dinner") && !text.contains("else@example.org"));
    for secret in ["password_hash", "token_hash", "token_sealed", "network_hash", "address_hash", "argon2"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let token = account.link.trim_start_matches("/i/");
    assert!(!text.contains(token) && !text.contains(PASSWORD));

    // The same in the archive, which the account page hands out as well.
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
        for (row, told) in rows.iter().zip(packed[part.name].as_array().unwrap()) {
            assert_eq!(headings.len(), told.as_object().unwrap().len());
            for (column, cell) in row {
                let wanted = match &told[column] {
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
async fn what_is_too_much_for_a_moment_is_prepared_and_told_by_mail(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let many = "insert into guests (host_id, event_id, id, name, party_size, created_at, updated_at)
        select host_id, id, gen_random_uuid(), 'Guest ' || n, 1, now(), now() from events, generate_series(1, $1) n";
    sqlx::query(many).bind(MOST_ROWS).execute(&app.backend.db).await.unwrap();
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
    assert!(app.mails("ana@example.org").await[0].contains("download your data"));
    assert!(ana.get("/dashboard/account").await.ok().contains("has been ready since"));
    let archive = fetch(&ana, "/me/data-export").await;
    let clicked = ana.send_form("/dashboard/account/export", &[("format", "prepared")]).await;
    assert_eq!(archive, clicked);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let mut document = String::new();
    archive.by_name("data.json").unwrap().read_to_string(&mut document).unwrap();
    let export: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(export["guests"].as_array().unwrap().len() as i64, MOST_ROWS);
    assert_eq!(export["events"][0]["id"], event.to_string());
    app.age_reauthentication().await;
    assert_eq!(ana.send("GET", "/me/data-export", None).await.body, "\"SignInAgain\"");
}

#[apply(app_test)]
async fn an_export_while_others_write_is_as_one_moment_saw_it(app: App) {
    let ana = app.host("Ana").await;
    ana.plan(&[]).await;
    // Each guest comes with their answer, in one transaction; the two stand in parts that are read one after the other.
    let both = "with g as (
            insert into guests (host_id, event_id, id, name, party_size, created_at, updated_at)
            select host_id, id, gen_random_uuid(), 'Guest', 1, now(), now() from events returning host_id, event_id, id
        )
        insert into rsvps select host_id, event_id, id, 'maybe', 1, '{}', '', now(), now() from g";
    let writing = tokio::spawn({
        let db = app.backend.db.clone();
        async move {
            loop {
                sqlx::query(both).execute(&db).await.unwrap();
            }
        }
    });
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let export: Value = serde_json::from_slice(&ana.send_form("/dashboard/account/export", &[]).await).unwrap();
        let rows = |part: &str| export[part].as_array().unwrap().len();
        assert_eq!(rows("guests"), rows("answers"));
        seen.insert(rows("guests"));
    }
    writing.abort();
    assert!(seen.len() > 3, "nothing was written meanwhile: {seen:?}");
}

/// Ten events of a thousand guests each, all invited, written to, opened and answered.
const TEN_THOUSAND: &str = "
    insert into events (host_id, id, title, starts_at, time_zone, theme, created_at, updated_at)
        select u.id, gen_random_uuid(), 'Event ' || n, now() + interval '30 days', 'Europe/Berlin', 'garden', now(), now()
        from users u, generate_series(1, 10) n;
    insert into guests (host_id, event_id, id, name, email, phone, party_size, tags, note, created_at, updated_at)
        select host_id, id, gen_random_uuid(), 'Guest \"Number\" ' || n, 'guest' || n || '@example.org', '+447911' || (100000 + n), 2,
            array['Family', 'Table ' || n % 20], 'Line one' || E'\\n' || 'line two', now(), now() from events, generate_series(1, 1000) n;
    insert into invitations (host_id, event_id, guest_id, id, token_hash, token_sealed, issued_at)
        select host_id, event_id, id, gen_random_uuid(), sha256(id::text::bytea), '\\x00', now() from guests;
    insert into accesses (host_id, event_id, guest_id, invitation_id, id, opened_at, device)
        select host_id, event_id, guest_id, id, gen_random_uuid(), now(), 'phone' from invitations;
    insert into notifications (host_id, event_id, guest_id, id, kind, recipient, state, created_at, state_changed_at, run_at, expires_at)
        select host_id, event_id, id, gen_random_uuid(), kind, email, 'delivered', now(), now(), now(), now()
        from guests, unnest(array['invitation', 'confirmation']) kind;
    insert into delivery_events select host_id, id, gen_random_uuid(), now(), 'sent', '' from notifications;
    insert into rsvps select host_id, event_id, id, 'attending', 2, array['Companion'], 'Thank you', now(), now() from guests;
    insert into rsvp_history select host_id, event_id, id, gen_random_uuid(), 'attending', 2, array['Companion'], 'Thank you', now() from guests;";

/// `cargo test -p server --test it ten_events_of_a_thousand_guests -- --ignored --nocapture`
#[apply(app_test)]
#[ignore = "measures time and memory"]
async fn ten_events_of_a_thousand_guests_are_taken_along(app: App) {
    let ana = app.host("Ana").await;
    sqlx::raw_sql(TEN_THOUSAND).execute(&app.backend.db).await.unwrap();
    for format in ["json", "zip"] {
        let (begun, before) = (Instant::now(), memory());
        let raw = ana.send_form("/dashboard/account/export", &[("format", format)]).await;
        let took = begun.elapsed();
        // What the test itself holds is no cost of the server.
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

/// Kilobytes that the process holds, and held at most.
fn memory() -> u64 {
    kilobytes("VmRSS:")
}

fn peak() -> u64 {
    kilobytes("VmHWM:")
}

fn kilobytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}
