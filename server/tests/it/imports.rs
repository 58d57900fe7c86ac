//! Imports: from a file to guests and back, over HTTP.

use std::{collections::BTreeSet, process::Stdio, time::Duration};

use guestguard::{
    ids::{EventId, ImportId},
    problem::{FieldError, FileError, Problem},
};
use sqlx::PgPool;

use crate::support::{
    Actor, App, eventually, hidden,
    node::{binary, free_address, ready, redis, url},
    pass,
};

fn page(event: EventId, import: ImportId) -> String {
    format!("/dashboard/events/{event}/guests/import/{import}")
}

async fn act(host: &Actor, verb: &str, event: EventId, import: ImportId, fields: &[(&str, &str)]) -> String {
    let (event, import) = (event.to_string(), import.to_string());
    let mut form = vec![("event", &*event), ("import", &*import)];
    form.extend(fields);
    host.post(&format!("/api/imports/{verb}"), &format!("/dashboard/events/{event}/guests/import/{import}"), &form)
        .await
        .location()
}

#[apply(app_test)]
async fn import_flow_from_file_to_guests(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Grace <grace@example.org>").await;
    let file = "Gast;E-Mail;Handy;Personen;Gruppe\r\n\
        Jürgen Groß;juergen@example.org;07911 123456;2;Familie\r\n\
        Ada;ada@;;;\r\n\
        Grace Hopper;GRACE@example.org;;;\r\n\
        Bo;bo@gmial.com;;1;\r\n\
        Bo Chan;BO@gmial.com;;;\r\n\
        Cy;cy@example.org;12;;\r\n";
    let windows_1252: Vec<u8> = file.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let import = ana.bring(event, "Gästeliste.csv", &windows_1252).await;
    let review = ana.get(&page(event, import)).await.ok();
    for text in ["2 to fix", "2 ready", "1 existing guest", "1 duplicate", "2 guests will be added."] {
        assert!(review.contains(text), "{text}");
    }
    assert!(review.contains("ada@example.org") && review.contains("too short. Example: +44"));
    assert_eq!(app.guests().await, 1, "a review adds nobody");

    let correction = [("line", "3"), ("form[name]", "Ada"), ("form[email]", "ada@example.org")];
    act(&ana, "correct-row", event, import, &correction).await;
    act(&ana, "exclude-row", event, import, &[("lines[]", "7"), ("exclude", "true")]).await;
    let ready = ana.get(&format!("{}?show=ready", page(event, import))).await.ok();
    assert!(ready.contains("Did you mean") && ready.contains("bo@gmail.com"));
    let columns = ["name", "email", "mobile", "party-size", "tags"].map(|key| ("form[columns][]", key));
    let mut mapping = columns.to_vec();
    mapping.extend([("form[header]", "true"), ("form[country]", "GB"), ("form[duplicates]", "update")]);
    act(&ana, "set-mapping", event, import, &mapping).await;
    assert!(ana.get(&page(event, import)).await.ok().contains("3 guests will be added, 1 updated."));

    for _ in 0..2 {
        assert_eq!(act(&ana, "commit", event, import, &[]).await, page(event, import));
    }
    let done = ana.get(&page(event, import)).await.ok();
    assert!(done.contains("4 guests imported") && done.contains("2 lines were skipped"));
    let list = ana.get(&format!("/dashboard/events/{event}/guests")).await.ok();
    for text in ["Jürgen Groß", "+447911123456", "Familie", "Grace Hopper", "ada@example.org"] {
        assert!(list.contains(text), "{text}");
    }
    let skipped = ana.post(&format!("{}/skipped", page(event, import)), "/", &[]).await;
    assert!(
        skipped
            .header("content-disposition")
            .contains("filename*=UTF-8''skipped%20lines%20of%20G%C3%A4steliste.csv.csv")
    );
    let skipped = skipped.ok();
    assert!(skipped.starts_with("\u{feff}Gast,E-Mail,Handy,Personen,Gruppe,Reason\r\n"), "{skipped}");
    assert!(
        skipped.contains("Bo Chan,BO@gmial.com,,,,Duplicate of line 5.")
            && skipped.contains("Cy,cy@example.org,12,,,Skipped by you.")
    );

    act(&ana, "undo", event, import, &[]).await;
    let list = ana.get(&format!("/dashboard/events/{event}/guests")).await.ok();
    assert!(list.contains("Import undone for 4 guests.") && list.contains(">Grace<") && !list.contains("Jürgen"));
}

#[apply(app_test)]
async fn people_who_share_an_address_are_included_and_an_identical_list_changes_nothing(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let file = b"Name,Email\nAda,home@example.org\nBo,home@example.org\nCy,HOME@example.org\n";
    let import = ana.bring(event, "guests.csv", file).await;
    assert!(ana.get(&page(event, import)).await.ok().contains("2 duplicates"));
    act(&ana, "include-row", event, import, &[("lines[]", "3")]).await;
    assert!(ana.get(&page(event, import)).await.ok().contains("2 guests will be added."));
    act(&ana, "commit", event, import, &[]).await;
    assert_eq!(app.guests_named(&["Ada", "Bo"]).await, 2);

    let again = ana.bring(event, "guests.csv", b"Name,Email\nAda,home@example.org\n").await;
    act(&ana, "commit", event, again, &[]).await;
    assert!(ana.get(&page(event, again)).await.ok().contains("Nothing to import yet."), "skipping adds nobody");
    let columns = [("form[columns][]", "name"), ("form[columns][]", "email"), ("form[header]", "true")];
    let mapping = [columns.as_slice(), &[("form[duplicates]", "update")]].concat();
    act(&ana, "set-mapping", event, again, &mapping).await;
    act(&ana, "commit", event, again, &[]).await;
    let done = ana.get(&page(event, again)).await.ok();
    assert!(done.contains("No changes: your guest list is up to date") && !done.contains("skipped</h2>"), "{done}");
    assert!(!done.contains("Undo this import"), "there is nothing to undo");
    assert_eq!(app.guests().await, 2);
}

#[apply(app_test)]
async fn a_commit_without_new_rows_shows_the_guests_added_meanwhile(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let import = ana.bring(event, "guests.csv", b"Name,Email\nAda,ada@example.org\n").await;
    ana.paste(event, "Ada <ada@example.org>").await;
    assert!(ana.get(&page(event, import)).await.ok().contains("1 guest will be added."));
    act(&ana, "commit", event, import, &[]).await;
    let review = ana.get(&page(event, import)).await.ok();
    assert!(review.contains("1 existing guest") && review.contains("Nothing to import yet."));
}

#[apply(app_test)]
async fn a_row_that_cannot_be_stored_rolls_all_of_them_back(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let import = ana.bring(event, "guests.csv", b"Name\nAda\nBo\nCy\n").await;
    app.forbid_guests_named("Bo").await;
    let ids = [("event", &*event.to_string()), ("import", &*import.to_string())];
    let refused = ana.fetch("/api/imports/commit", &ids).await;
    assert!(matches!(refused.problem(), Problem::Unexpected { .. }), "{}", refused.body);
    assert_eq!(app.guests().await, 0);
    app.allow_all_guest_names().await;
    assert_eq!(ana.fetch("/api/imports/commit", &ids).await.status, 200);
    assert_eq!(app.guests().await, 3);
}

#[apply(app_test)]
async fn asvs_5_2_2_invalid_and_too_large_files_are_refused_with_a_remedy(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let large = [b"Name\n".as_slice(), &b"Somebody\n".repeat(600_000)].concat();
    let many: String = "Name\n".to_owned() + &(0..5_001).map(|n| format!("Guest {n}\n")).collect::<String>();
    for (name, file, error) in [
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), "can&#x27;t read this file"),
        ("empty.csv", b"", "no guests in this file"),
        ("broken.xlsx", b"PK\x03\x04 broken", "can&#x27;t be opened"),
        ("large.csv", &large, "larger than 5 MB"),
        ("many.csv", many.as_bytes(), "up to 5,000 rows"),
        ("", b"Name\nAda\n", "Please fill this in"),
    ] {
        let back = ana.upload(event, name, file).await.location();
        assert_eq!(back, format!("/dashboard/events/{event}/guests/import"), "{name}");
        let page = ana.get(&back).await.ok();
        assert!(page.contains(error) || page.contains(&error.replace("&#x27;", "'")), "{name}");
    }
    assert_eq!(app.imports().await, 0);
    let path = format!("/dashboard/events/{event}/guests/import");
    let fetched = ana.fetch_file(&path, "empty.csv", b"").await;
    let Problem::Invalid(errors) = fetched.problem() else { panic!("{}", fetched.body) };
    assert_eq!(errors[0].error, FieldError::File(FileError::Empty));
}

#[apply(app_test)]
async fn bulk_links_for_guests_without_an_address(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let rows: String = (0..40)
        .map(|n| format!("Guest {n},{}\n", if n % 2 == 0 { format!("g{n}@example.org") } else { String::new() }))
        .collect();
    let import = ana.bring(event, "guests.csv", format!("Name,Email\n{rows}").as_bytes()).await;
    act(&ana, "commit", event, import, &[]).await;
    ana.invite_all(event).await;
    let links = ana.post(&format!("/dashboard/events/{event}/guests/links"), "/", &[]).await;
    assert!(links.header("content-type").starts_with("text/csv"));
    let links = links.ok();
    let mut seen = BTreeSet::new();
    for line in links.trim_start_matches('\u{feff}').lines().skip(1) {
        let (name, link) = line.split_once(",").unwrap();
        assert!(name.trim_start_matches("Guest ").parse::<u32>().unwrap() % 2 == 1, "{line}");
        let path = format!("/i/{}", link.rsplit("/i/").next().unwrap());
        assert!(app.anonymous().get(&path).await.ok().contains(name), "{line}");
        assert!(seen.insert(path));
    }
    assert_eq!(seen.len(), 20);
}

#[apply(app_test)]
async fn asvs_1_2_10_an_export_is_imported_unchanged(app: App) {
    let ana = app.host("Ana").await;
    let (event, copy) = (ana.plan(&[]).await, ana.plan(&[("form[title]", "Copy")]).await);
    for (name, email, phone, note) in [
        ("=HYPERLINK(\"http://evil\")", "", "+447911123456", "-2+3"),
        ("Zoë \"Z\" O'Hara, Jr", "zoe@example.org", "", "two\nlines; and, more"),
        ("@home", "", "+12015550123", "'=quoted"),
        ("שלום 🎉", "", "", "\t=tab"),
    ] {
        let id = event.to_string();
        let fields = [
            ("event", &*id),
            ("form[name]", name),
            ("form[email]", email),
            ("form[phone]", phone),
            ("form[note]", note),
            ("form[tags]", "VIP, =1+1"),
            ("form[party_size]", "2"),
        ];
        ana.post("/api/guests/add", "/dashboard", &fields).await.location();
    }
    for format in ["csv", "xlsx"] {
        let file = ana.export(event, format).await;
        if format == "csv" {
            let text = String::from_utf8(file.clone()).unwrap();
            assert!(
                text.starts_with("\u{feff}Name,") && text.contains("'=HYPERLINK") && text.contains("'+447911123456"),
                "{text}"
            );
        }
        let import = ana.bring(copy, &format!("copy.{format}"), &file).await;
        act(&ana, "commit", copy, import, &[]).await;
        assert_eq!(app.guest_list(copy).await, app.guest_list(event).await, "{format}");
        act(&ana, "undo", copy, import, &[]).await;
        app.delete_guests_of(copy).await;
    }
    assert_eq!(app.audit_log("guests-exported").await, 2);
}

/// A node is killed at twenty moments while it commits 5,000 rows: all or none are on the list, and a repeated commit adds
/// the missing ones.
#[apply(app_test)]
async fn a_killed_import_leaves_all_or_nothing(db: PgPool) {
    let rows: String =
        (0..5_000).map(|n| format!("Guest {n},guest{n}@example.org,0791112{:04}\n", n % 10_000)).collect();
    let app = App::start(db.clone()).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let import = ana.bring(event, "guests.csv", format!("Name,Email,Phone\n{rows}").as_bytes()).await;
    let mut outcomes = BTreeSet::new();
    for round in 0..20u64 {
        let address = free_address().await;
        let mut node = ready(
            binary(&url(&db), &redis(), &["serve", "--no-work"])
                .env("GG_LISTEN", &address)
                .env("GG_SECRET_KEY", &app.secret_key),
            Stdio::null(),
        )
        .await;
        let other = ana.on(&address);
        let ids = [("event", event.to_string()), ("import", import.to_string())];
        let commit = tokio::spawn(async move {
            let ids = [("event", &*ids[0].1), ("import", &*ids[1].1)];
            other.try_fetch("/api/imports/commit", &ids).await
        });
        pass(Duration::from_millis(round * 25)).await;
        node.kill().await.unwrap();
        let _ = commit.await.unwrap();
        // The database server may still execute statements of the killed node.
        eventually(async || app.other_statements().await == 0).await;
        let added = app.guests().await;
        assert!(matches!(added, 0 | 5_000), "{added} rows after {} ms", round * 25);
        outcomes.insert(added);
        if added == 5_000 {
            app.reset_imports().await;
        }
    }
    act(&ana, "commit", event, import, &[]).await;
    assert_eq!(app.guests().await, 5_000);
    println!("outcomes of the kills: {outcomes:?}");
}

#[apply(app_test)]
async fn a_template_can_be_imported_as_it_is(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    for kind in ["csv", "xlsx"] {
        let file = ana.download(&format!("/guest-list.{kind}")).await;
        let import = ana.bring(event, &format!("guest-list.{kind}"), &file).await;
        let review = ana.get(&page(event, import)).await.ok();
        assert!(review.contains("1 guest will be added.") && review.contains("Ada Lovelace"), "{kind}");
    }
    assert_eq!(hidden(&ana.get(&format!("/dashboard/events/{event}/guests")).await.ok(), "ids[]").len(), 0);
}
