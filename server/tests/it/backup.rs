//! Backups, restores and drills, as an operator runs them.

mod damaged;
mod erasure_log;
mod faults;
mod stores;

use std::process::Stdio;

use guestguard::backup::drills::Scratch;
use serde_json::Value;
use sqlx::PgPool;

use crate::support::{
    App, Settings,
    backups::{Place, scratch},
    eventually,
    node::{free_address, ready, url},
    probes::Database,
};

/// Fills the database with a host, events, guests and replies.
pub async fn seeded(db: &PgPool, place: &Place) {
    let ran = place.run(&url(db), &["seed-demo"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// A scratch database into which the backup was restored.
async fn restored(db: &PgPool, place: &Place, from: &str) -> Scratch {
    let scratch = scratch(db).await;
    let ran = place.run(&url(db), &["restore", "--from", from, "--into", &scratch.url]).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    scratch
}

#[apply(app_test)]
async fn a_backup_in_either_format_is_written_read_back_and_restored(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    for (arguments, kind) in
        [(&["backup", "--json"][..], "sql.gz"), (&["backup", "--json", "--format", "custom", "--manual"][..], "dump")]
    {
        let ran = place.run(&url(&db), arguments).await;
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let manifest: Value = serde_json::from_str(&ran.stdout).unwrap();
        let key = manifest["key"].as_str().unwrap();
        assert!(key.ends_with(kind) && key.starts_with("database/"), "{key}");
        assert_eq!(manifest["tables"]["users"]["rows"], 1);
        let pointer = place.read("database/LATEST.txt");
        let lines: Vec<_> = pointer.lines().collect();
        assert_eq!(lines[1], format!("file://{}/backups/{key}", place.folder.path().display()));
        assert_eq!(lines[2], manifest["sha256"].as_str().unwrap());
        let check = std::process::Command::new("sha256sum")
            .args(["-c", "LATEST.sha256"])
            .current_dir(place.path("database"))
            .output()
            .unwrap();
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));

        let copy = restored(&db, &place, "latest").await;
        let verified = place.run(&copy.url, &["restore-verify", "--verbose", "--deep", "--manifest", key]).await;
        assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
        assert!(
            verified.stdout.contains("All 59 checks passed.") && verified.stdout.contains("ok      seats"),
            "{}",
            verified.stdout
        );
        copy.remove().await.unwrap();
    }
    let listed = place.run(&url(&db), &["backup", "list"]).await;
    assert_eq!(listed.stdout.lines().count(), 2, "{}", listed.stdout);
    let status = place.run(&url(&db), &["backup", "status"]).await;
    assert!(
        status.code == 0 && status.stdout.contains("No backup has been verified yet"),
        "{}{}",
        status.stdout,
        status.stderr
    );
    assert_eq!(place.run(&url(&db), &["restore-verify", "--live"]).await.code, 0);
}

#[apply(app_test)]
async fn a_restore_replaces_a_database_only_when_asked_and_then_all_or_nothing(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    let first = place.back_up(&db).await;
    let copy = restored(&db, &place, first["key"].as_str().unwrap()).await;
    Database(&db).delete_events().await;
    place.back_up(&db).await;
    let into = ["restore", "--from", "latest", "--into", &copy.url];
    place.run(&url(&db), &into).await.fails_with(1, "the target database is not empty");
    let live = place.run(&url(&db), &["restore", "--from", "latest", "--into", &url(&db), "--replace"]).await;
    live.fails_with(1, "which a restore never changes");
    let again = place.run(&url(&db), &[&into[..], &["--replace"]].concat()).await;
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    let there = PgPool::connect(&copy.url).await.unwrap();
    assert_eq!(Database(&there).events().await, 0, "the newest backup lacks what was deleted");
    there.close().await;
    // A copy can be backed up, too.
    let other = Place::folder();
    let ran = other.run(&copy.url, &["backup"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let third = restored(&db, &other, "latest").await;
    third.remove().await.unwrap();
    copy.remove().await.unwrap();
}

#[apply(app_test)]
async fn an_older_backup_is_migrated_when_it_is_restored(db: PgPool) {
    let place = Place::folder();
    guestguard::migrations::MIGRATOR.undo(&db, 9).await.unwrap();
    Database(&db).add_account_of_version_9().await;
    let manifest = place.back_up(&db).await;
    assert_eq!(manifest["schema_version"], 9);
    let copy = restored(&db, &place, "latest").await;
    assert!(guestguard::migrations::pending(&PgPool::connect(&copy.url).await.unwrap()).await.unwrap().is_empty());
    copy.remove().await.unwrap();
}

#[apply(app_test)]
async fn a_drill_restores_serves_and_answers_and_leaves_only_its_record(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    let missing = place.run(&url(&db), &["drill"]).await;
    missing.fails_with(1, "there is no backup yet");
    place.back_up(&db).await;
    let log = place.folder.path().join("drills.md");
    let ran = place.run(&url(&db), &["drill", "--json", "--log", log.to_str().unwrap()]).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(result["drill"]["error"], "");
    assert_eq!(Database(&db).drills().await, [(String::new(), 56)]);
    let scratch = result["scratch"].as_str().unwrap();
    let left = Database(&db).existing_databases(&[scratch]).await;
    assert!(left.is_empty() && scratch.starts_with("guestguard_drill_"), "{scratch}");
    assert!(std::fs::read_to_string(&log).unwrap().lines().last().unwrap().contains("passed"));
    let status = place.run(&url(&db), &["backup", "status"]).await;
    assert!(status.stdout.contains("Last verified: database/"), "{}", status.stdout);

    // A failed check fails the drill, which is logged as failed.
    Database(&db).store_plain_passwords().await;
    place.back_up(&db).await;
    let ran = place.run(&url(&db), &["drill", "--log", log.to_str().unwrap()]).await;
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("checks failed: passwords"), "{}", ran.stderr);
    let errors: Vec<_> = Database(&db).drills().await.into_iter().map(|(error, _)| error).collect();
    assert_eq!(errors, ["", "checks failed: passwords"]);
    assert!(std::fs::read_to_string(&log).unwrap().contains("**failed**"));
}

#[apply(app_test)]
async fn the_worker_backs_up_by_schedule_and_operators_see_the_status(db: PgPool) {
    let place = Place::folder();
    let mut providers = place.settings();
    providers.push(("GG_BACKUP_SCHEDULE", "hourly".into()));
    let app = App::start_with(db, Settings { providers, ..Settings::default() }).await;
    let nobody = app.anonymous();
    eventually(async || nobody.get("/readyz").await.ok().contains("missing, late or damaged")).await;
    let ana = app.host("ana").await;
    assert_eq!(ana.get("/dashboard/operator").await.status, 404);
    app.jobs().add("create_backup").await;
    app.jobs().add("ship_erasure_log").await;
    app.work().await;
    let backups = pg_backup::retention::list(&app.services.backups.as_ref().unwrap().store).await.unwrap();
    assert_eq!(backups.len(), 1);
    let operator = app.host("operator").await;
    let page = operator.get("/dashboard/operator").await.ok();
    assert!(page.contains("This installation") && page.contains("No drill passed"), "{page}");
    assert!(operator.get("/dashboard/account").await.ok().contains("/dashboard/operator"));
    let copy =
        place.command(&url(&app.backend.db), &["drill"]).env("GG_SECRET_KEY", &app.secret_key).output().await.unwrap();
    assert!(copy.status.success(), "{}", String::from_utf8_lossy(&copy.stderr));
    let page = operator.get("/dashboard/operator").await.ok();
    assert!(page.contains("Passed") && !page.contains("No drill passed"), "{page}");
}

#[apply(app_test)]
async fn expired_backups_and_interrupted_ones_are_deleted(db: PgPool) {
    let place = Place::folder();
    let manifest = place.back_up(&db).await;
    let (key, text) = (manifest["key"].as_str().unwrap(), manifest.to_string());
    // Thirty copies, years old.
    for hour in 0..30 {
        let old = format!("database/2020/01/202001{:02}T{:02}0000Z.sql.gz", 1 + hour / 24, hour % 24);
        std::fs::create_dir_all(place.path("database/2020/01")).unwrap();
        std::fs::copy(place.path(key), place.path(&old)).unwrap();
        place.write(&format!("{old}.json"), &text.replace(key, &old));
    }
    for day in ["2020-01-01", "2020-01-02"] {
        let name = format!("erasure-log/{}.json", day);
        std::fs::create_dir_all(place.path("erasure-log")).unwrap();
        place.write(&name, "");
        touch(&place, &name, day);
    }
    let abandoned = "database/2020/01/20200105T000000Z.sql.gz";
    place.write(abandoned, "half of a dump");
    touch(&place, abandoned, "2020-01-05");
    let dry = place.run(&url(&db), &["backup", "prune", "--dry-run"]).await;
    assert!(dry.stdout.contains("Would delete 7 expired backups."), "{}", dry.stdout);
    assert!(place.path("database/2020/01/20200101T000000Z.sql.gz").exists());
    let ran = place.run(&url(&db), &["backup", "prune", "--json"]).await;
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(result["expired"].as_array().unwrap().len(), 7, "24 stay");
    assert!(!place.path("database/2020/01/20200101T000000Z.sql.gz").exists());
    assert!(!place.path(abandoned).exists() && place.path(key).exists());
    assert_eq!(place.run(&url(&db), &["backup", "list"]).await.stdout.lines().count(), 24);
    // The oldest backup left is of 1 January, 7:00. The erasure log up to then is deleted.
    assert!(!place.path("erasure-log/2020-01-01.json").exists() && place.path("erasure-log/2020-01-02.json").exists());
    // Without any backup, the erasure log is kept.
    std::fs::remove_dir_all(place.path("database")).unwrap();
    assert_eq!(place.run(&url(&db), &["backup", "prune"]).await.code, 0);
    assert!(place.path("erasure-log/2020-01-02.json").exists());
}

/// Sets the modification time of a file.
fn touch(place: &Place, name: &str, day: &str) {
    let touched = std::process::Command::new("touch").args(["-d", day]).arg(place.path(name)).status().unwrap();
    assert!(touched.success());
}

#[apply(app_test)]
async fn the_schedule_has_an_hourly_backup_if_configured(db: PgPool) {
    for hourly in [false, true] {
        let place = Place::folder();
        let mut providers = place.settings();
        if hourly {
            providers.push(("GG_BACKUP_SCHEDULE", "hourly".into()));
        }
        let app = App::start_with(db.clone(), Settings { providers, ..Settings::default() }).await;
        let stop = tokio_util::sync::CancellationToken::new();
        let worker = guestguard::registry::worker(&app.services, stop.clone().cancelled_owned()).await.unwrap();
        let running = tokio::spawn(async move { worker.run().await });
        eventually(async || app.jobs().schedules().await >= 4 + i64::from(hourly)).await;
        assert_eq!(app.jobs().is_scheduled("create_backup").await, hourly);
        stop.cancel();
        running.await.unwrap().unwrap();
    }
}

#[apply(app_test)]
async fn a_replaced_database_makes_no_newest_backup(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    place.back_up(&db).await;
    let copy = restored(&db, &place, "latest").await;
    assert_eq!(place.run(&copy.url, &["backup"]).await.code, 0);
    let newest = place.read("database/LATEST.txt");
    place.run(&url(&db), &["backup"]).await.fails_with(1, "stop every process that still uses this database");
    assert_eq!(place.read("database/LATEST.txt"), newest);
    // The other database was only a copy that wrote to the store of the original.
    let ran = place.run(&url(&db), &["backup", "--take-over"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    place.back_up(&db).await;
    copy.remove().await.unwrap();
}

#[apply(app_test)]
async fn scratch_databases_of_interrupted_drills_are_dropped_after_a_day(db: PgPool) {
    // The first twelve digits are a time in milliseconds: in 2020, and now.
    let old = format!("guestguard_drill_{}{}", "016f5e66e800", &uuid::Uuid::now_v7().simple().to_string()[12..]);
    let new = format!("guestguard_drill_{}", uuid::Uuid::now_v7().simple());
    for name in [&old, &new] {
        Database(&db).create_database(name).await;
    }
    scratch(&db).await.remove().await.unwrap();
    assert_eq!(Database(&db).existing_databases(&[&old, &new]).await, std::slice::from_ref(&new));
    Database(&db).drop_database(&new).await;
}

#[apply(app_test)]
async fn a_late_or_shrunken_backup_changes_the_exit_code(db: PgPool) {
    let place = Place::folder();
    place.run(&url(&db), &["backup", "status"]).await.fails_with(3, "there is no backup");
    let manifest = place.back_up(&db).await;
    let key = manifest["key"].as_str().unwrap().to_owned();
    for hour in 0..4 {
        let old = format!("database/2020/01/20200101T0{hour}0000Z.sql.gz");
        std::fs::create_dir_all(place.path("database/2020/01")).unwrap();
        std::fs::write(place.path(&old), vec![0; 1_000_000]).unwrap();
        place.write(&format!("{old}.json"), &manifest.to_string().replace(&key, &old));
    }
    place.run(&url(&db), &["backup", "status"]).await.fails_with(3, "but 1000000 are usual");
    // Makes an old backup the newest.
    let old = "database/2020/01/20200101T000000Z.sql.gz";
    let pointer = place.read("database/LATEST.txt").replace(&key, old);
    place.write("database/LATEST.txt", &pointer);
    place.write("database/LATEST.sha256", &place.read("database/LATEST.sha256").replace(&key[9..], &old[9..]));
    place.run(&url(&db), &["backup", "status"]).await.fails_with(3, "minutes old");
    std::fs::remove_file(place.path(old)).unwrap();
    place.run(&url(&db), &["backup", "status"]).await.fails_with(3, "which is missing");
}

#[apply(app_test)]
async fn metrics_report_a_missing_backup(db: PgPool) {
    let place = Place::folder();
    let age = async || {
        let private = free_address().await;
        let mut command = place.command(&url(&db), &["serve", "--no-work"]);
        let _node = ready(command.env("GG_METRICS_LISTEN", &private), Stdio::null()).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let metrics = client.get(format!("http://{private}/metrics")).send().await.unwrap().text().await.unwrap();
        let age = metrics.lines().find_map(|line| line.strip_prefix("backup_age_seconds "));
        age.unwrap_or_else(|| panic!("{metrics}")).parse::<f64>().unwrap()
    };
    assert_eq!(age().await, f64::INFINITY, "none was made");
    place.back_up(&db).await;
    assert!((0.0..60.0).contains(&age().await));
    std::fs::remove_dir_all(place.path("")).unwrap();
    assert_eq!(age().await, f64::INFINITY, "the store is gone");
}
