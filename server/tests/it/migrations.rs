//! Migrations: up, down, in parallel and interrupted.

use std::process::{Command, Stdio};

use guestguard::migrations::{MIGRATOR, migrate, pending};
use sqlx::{ConnectOptions, PgPool};

use crate::support::{
    node::{binary, redis, url},
    probes,
};

/// The schema by `pg_dump`, without the lines that differ in each run.
fn dump(db: &PgPool) -> String {
    let mut url = db.connect_options().to_url_lossy();
    url.set_query(None);
    let output = Command::new("pg_dump")
        .args(["--schema-only", "--schema=public", "--no-owner", "--exclude-table=_sqlx_migrations", url.as_str()])
        .output()
        .expect("pg_dump");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[sqlx::test(migrations = false)]
async fn up_down_and_up_again_give_the_same_schema(db: PgPool) {
    let empty = dump(&db);
    MIGRATOR.run(&db).await.unwrap();
    let first = dump(&db);
    assert!(first.contains("CREATE TABLE public.rsvps"), "{first}");
    MIGRATOR.undo(&db, 0).await.unwrap();
    assert_eq!(dump(&db), empty, "nothing is left behind");
    MIGRATOR.run(&db).await.unwrap();
    assert_eq!(dump(&db), first);
}

#[sqlx::test(migrations = false)]
async fn any_number_of_nodes_may_migrate_at_once(db: PgPool) {
    assert_eq!(pending(&db).await.unwrap().len(), MIGRATOR.iter().count() / 2);
    let nodes: Vec<_> = (0..6)
        .map(|_| {
            let options = db.connect_options();
            tokio::spawn(async move { migrate(&PgPool::connect_with((*options).clone()).await?).await })
        })
        .collect();
    for node in nodes {
        node.await.unwrap().unwrap();
    }
    assert!(pending(&db).await.unwrap().is_empty());
}

/// Fills most tables through the application.
async fn fill(db: &PgPool) {
    let output =
        binary(&url(db), &redis(), &["seed-demo"]).env("GG_LIMIT_SIGN_IN_ADDRESS", "1000/60").output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Tables with rows, each with the migration that creates it. A step down keeps the rows of all older ones.
const TABLES: [(&str, i64); 6] =
    [("users", 1), ("events", 2), ("guests", 3), ("invitations", 4), ("rsvps", 5), ("notifications", 6)];

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_step_down_and_up_again_with_data_gives_the_same_schema_and_keeps_what_it_can(db: PgPool) {
    fill(&db).await;
    let complete = dump(&db);
    let versions: Vec<_> = MIGRATOR
        .iter()
        .filter(|migration| migration.migration_type.is_up_migration())
        .map(|migration| migration.version)
        .collect();
    let mut before = Vec::new();
    for (table, since) in TABLES {
        before.push(probes::rows(&db, table).await);
        assert!(before.last() > Some(&0), "{table} has rows that migration {since} could lose");
    }
    for version in versions.iter().rev().skip(1) {
        MIGRATOR.undo(&db, *version).await.unwrap();
        assert!(pending(&db).await.unwrap().contains(&(version + 1)));
        MIGRATOR.run(&db).await.unwrap();
        assert_eq!(dump(&db), complete, "down to {version} and up again");
        for ((table, since), before) in TABLES.iter().zip(&before) {
            let kept = if *version >= *since { *before } else { 0 };
            assert_eq!(probes::rows(&db, table).await, kept, "{table}: down to {version} and up again");
        }
        let wrong = probes::wrong_guest_statuses(&db).await;
        assert_eq!(wrong, 0, "down to {version} and up again: each guest has their status");
    }
}

#[sqlx::test(migrations = false)]
async fn a_migration_that_is_killed_half_way_is_completed_by_the_next_start(db: PgPool) {
    let complete = {
        MIGRATOR.run(&db).await.unwrap();
        let complete = dump(&db);
        MIGRATOR.undo(&db, 0).await.unwrap();
        complete
    };
    let mut killed = 0;
    for n in 0..12_u64 {
        MIGRATOR.undo(&db, 0).await.unwrap();
        let mut run =
            binary(&url(&db), &redis(), &["migrate"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = std::time::Duration::from_millis(40 + n * 12);
        if tokio::time::timeout(until, run.wait()).await.is_err() {
            run.kill().await.unwrap();
            killed += 1;
        }
        let output = binary(&url(&db), &redis(), &["migrate"]).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(dump(&db), complete);
    }
    assert!(killed > 0);
}
