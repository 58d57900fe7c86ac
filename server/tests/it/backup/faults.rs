//! Faults during a backup: full disk, missing programs, concurrent runs, wrong clock and kills.

use std::{path::Path, process::Stdio};

use sqlx::PgPool;
use tokio::process::Command;

use super::seeded;
use crate::support::{backups::Place, eventually, node::url, probes::Database};

#[apply(app_test)]
async fn a_full_disk_is_reported_and_leaves_nothing(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    let first = place.back_up(&db).await;
    Database(&db).add_webhook_events(20_000, 1).await;
    // No file may grow beyond the limit. The signal that would end the process is ignored, since a full disk sends none.
    let program = env!("CARGO_BIN_EXE_guestguard");
    let limited = place.command(&url(&db), &[]);
    let environment: Vec<_> =
        limited.as_std().get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    let mut shell = Command::new("bash");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 300; exec \"$0\" backup", program]).env_clear().envs(environment);
    let ran = shell.output().await.unwrap();
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && stderr.contains("cannot write temporary files; free up space"), "{stderr}");
    let nowhere = place.command(&url(&db), &["backup"]).env("TMPDIR", "/nowhere").output().await.unwrap();
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("set TMPDIR to another folder"));
    assert_eq!(place.run(&url(&db), &["backup", "list"]).await.stdout.lines().count(), 1);
    assert!(place.read("database/LATEST.txt").contains(first["key"].as_str().unwrap()));
    nothing_runs(&db).await;
}

#[apply(app_test)]
async fn unusable_programs_and_databases_are_reported(db: PgPool) {
    let place = Place::folder();
    place.run("postgres://nobody@127.0.0.1:9/none", &["backup"]).await.fails_with(1, "PostgreSQL is out of reach");
    let empty = super::scratch(&db).await;
    place.run(&empty.url, &["backup"]).await.fails_with(1, "the database has no table _sqlx_migrations");
    empty.remove().await.unwrap();
    let old = place.folder.path().join("old");
    std::fs::create_dir_all(&old).unwrap();
    program(&old.join("pg_dump"), "echo 'pg_dump (PostgreSQL) 9.6.24'");
    let older = Place::folder().with("GG_PG_BIN", old.to_str().unwrap());
    older.run(&url(&db), &["backup"]).await.fails_with(1, "pg_dump has version 9, but the server has version");
    let none = Place::folder().with("GG_PG_BIN", "/nowhere");
    none.run(&url(&db), &["backup"]).await.fails_with(1, "install the package postgresql-client");
    // A pg_dump that fails half-way, and one that succeeds but ends early.
    for (script, error) in [
        (
            "case $1 in --version) echo 'pg_dump (PostgreSQL) 99.1';; *) echo half; echo 'pg_dump: error: out of luck' >&2; exit 1;; esac",
            "pg_dump failed: pg_dump: error: out of luck",
        ),
        (
            "case $1 in --version) echo 'pg_dump (PostgreSQL) 99.1';; *) echo half;; esac",
            "pg_dump ended before its last line",
        ),
    ] {
        program(&old.join("pg_dump"), script);
        let ran = older.run(&url(&db), &["backup"]).await;
        ran.fails_with(1, error);
        assert!(!older.path("database/LATEST.txt").exists());
    }
}

#[apply(app_test)]
async fn of_two_concurrent_backups_one_is_refused(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    let lock = Database(&db).lock_backups().await;
    place.run(&url(&db), &["backup"]).await.fails_with(1, "another backup of this database is running");
    lock.rollback().await.unwrap();
    let (address, arguments) = (url(&db), ["backup"]);
    let (one, two) = tokio::join!(place.run(&address, &arguments), place.run(&address, &arguments));
    let codes = [one.code, two.code];
    assert!(codes.contains(&0), "{}{}", one.stderr, two.stderr);
    assert_eq!(place.run(&url(&db), &["backup", "status"]).await.code, 0);
}

#[apply(app_test)]
async fn a_clock_that_is_behind_the_newest_backup_is_refused(db: PgPool) {
    let place = Place::folder();
    let manifest = place.back_up(&db).await;
    let key = manifest["key"].as_str().unwrap();
    let ahead = "database/2099/01/20990101T000000Z.sql.gz";
    place.write("database/LATEST.txt", &place.read("database/LATEST.txt").replace(key, ahead));
    place.write("database/LATEST.sha256", &place.read("database/LATEST.sha256").replace(&key[9..], &ahead[9..]));
    place.run(&url(&db), &["backup"]).await.fails_with(1, "set the clock by NTP");
}

#[apply(app_test)]
async fn a_backup_killed_at_any_point_leaves_the_one_before_it(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    Database(&db).add_webhook_events(30_000, 1).await;
    place.back_up(&db).await;
    let begun = std::time::Instant::now();
    place.back_up(&db).await;
    let duration = begun.elapsed();
    let mut killed = 0;
    let mut n = 0_u32;
    while killed < 12 {
        n += 1;
        assert!(n < 80, "only {killed} were killed");
        let mut run =
            place.command(&url(&db), &["backup"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let ended = tokio::time::timeout(duration * (n % 17) / 20, run.wait()).await;
        if ended.is_err() {
            run.kill().await.unwrap();
            killed += 1;
        }
        let listed = place.run(&url(&db), &["backup", "list", "--json"]).await;
        let backups: Vec<serde_json::Value> = serde_json::from_str(&listed.stdout).unwrap();
        for backup in &backups {
            let key = backup["key"].as_str().unwrap();
            let manifest: serde_json::Value = serde_json::from_str(&place.read(&format!("{key}.json"))).unwrap();
            let dump = std::fs::read(place.path(key)).unwrap();
            assert_eq!(guestguard::secrets::sha256_hex(&dump), manifest["sha256"].as_str().unwrap());
        }
        // A kill between the two pointer files is reported. After any other they match.
        let status = place.run(&url(&db), &["backup", "status"]).await;
        assert!(status.code == 0 || status.stderr.contains("does not match LATEST.txt"), "{}", status.stderr);
    }
    place.back_up(&db).await;
    super::restored(&db, &place, "latest").await.remove().await.unwrap();
    nothing_runs(&db).await;
}

/// Waits until no dump of the database is running.
async fn nothing_runs(db: &PgPool) {
    eventually(async || Database(db).dumps_running().await == 0).await;
}

/// Writes a shell script that stands in for a program.
fn program(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
