//! Tests of data exports.

use std::{collections::BTreeSet, io::Read};

use chrono::TimeDelta;
use futures::TryStreamExt;
use serde_json::Value;
use sqlx::PgPool;

use crate::{
    privacy::{
        actions::erase,
        export::{ExportFormat, PARTS, PreparedExport, delete_expired, export, parts, prepare, prepared, request},
        jobs::PrepareExport,
    },
    problem::Problem,
    testing::{self, problem},
};

/// The job that makes an export, taken out of the queue.
async fn job(backend: &crate::backend::Backend) -> PrepareExport {
    let payload: Value = sqlx::query_scalar(
        "delete from graphile_worker._private_jobs where payload ->> 'export' is not null returning payload::jsonb",
    )
    .fetch_one(&backend.db)
    .await
    .unwrap();
    serde_json::from_value(payload).unwrap()
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn every_table_of_a_host_is_part_of_an_export(db: PgPool) {
    let tables: BTreeSet<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and column_name in ('host_id', 'user_id')",
    )
    .fetch_all(&db)
    .await
    .unwrap()
    .into_iter()
    .collect();
    let exported: BTreeSet<String> = PARTS.iter().map(|part| part.table.to_owned()).collect();
    // The bytes of an export are the export.
    let apart = BTreeSet::from(["data_export_parts".to_owned()]);
    assert_eq!(tables.difference(&exported).collect::<BTreeSet<_>>(), apart.iter().collect());
    let secrets = ["hash", "sealed", "password"];
    for part in PARTS {
        let columns = part.columns(&mut db.acquire().await.unwrap()).await.unwrap();
        assert!(!columns.iter().any(|column| secrets.iter().any(|word| column.contains(word))), "{columns:?}");
        for left in part.without {
            let there =
                "select exists (select from information_schema.columns where table_name = $1 and column_name = $2)";
            let there: bool = sqlx::query_scalar(there).bind(part.table).bind(left).fetch_one(&db).await.unwrap();
            assert!(there, "{left} of {} is no column", part.table);
        }
    }
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn an_export_is_for_whoever_typed_their_password_lately(db: PgPool) {
    let (backend, ana, _) = testing::planned_on(testing::stopped(db).await, testing::event_form()).await;
    export(&backend, &ana, ExportFormat::Json).await.unwrap();
    backend.clock.set(testing::start() + TimeDelta::minutes(15));
    assert_eq!(problem(export(&backend, &ana, ExportFormat::Zip).await), Problem::SignInAgain);
    assert_eq!(problem(request(&backend, &ana).await), Problem::SignInAgain);
    assert!(parts(&backend, &ana).await.is_err());
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn a_prepared_export_is_made_once_told_by_mail_and_gone_after_three_days(db: PgPool) {
    let (backend, ana, event) = testing::planned_on(testing::stopped(db).await, testing::event_form()).await;
    testing::guest(&backend, &ana, event, "Grace Hopper", "grace@example.org").await;
    assert_eq!(prepared(&backend, &ana).await.unwrap(), None);
    request(&backend, &ana).await.unwrap();
    request(&backend, &ana).await.unwrap();
    let waiting = PreparedExport { requested_at: testing::start(), percent: 0, ready_at: None };
    assert_eq!(prepared(&backend, &ana).await.unwrap(), Some(waiting));
    assert!(parts(&backend, &ana).await.is_err(), "nothing is there yet");
    let PrepareExport { host, export: id } = job(&backend).await;
    prepare(&backend, host, id).await.unwrap();
    prepare(&backend, host, id).await.unwrap();
    testing::post(&backend).await;
    let mails = testing::mails(&backend).await;
    assert!(mails.len() == 1 && mails[0].contains("Your data export is ready"), "{mails:?}");

    let parts: Vec<_> = parts(&backend, &ana).await.unwrap().try_collect().await.unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(parts.concat())).unwrap();
    assert_eq!(archive.len(), PARTS.len() + 1);
    let mut guests = String::new();
    archive.by_name("guests.csv").unwrap().read_to_string(&mut guests).unwrap();
    assert!(guests.contains("Grace Hopper,grace@example.org"), "{guests}");

    backend.clock.set(testing::start() + TimeDelta::days(3) + TimeDelta::seconds(1));
    delete_expired(&backend).await.unwrap();
    let ana = testing::signed_in(&backend, "ana@example.org", testing::PASSWORD).await.unwrap();
    assert_eq!(prepared(&backend, &ana).await.unwrap(), None);
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn an_export_in_which_somebody_stands_who_was_erased_meanwhile_is_thrown_away(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let grace = testing::guest(&backend, &ana, event, "Grace", "grace@example.org").await;
    let (guest, _) = testing::invite(&backend, &ana, event, grace).await;
    request(&backend, &ana).await.unwrap();
    let PrepareExport { host, export: id } = job(&backend).await;
    erase(&backend, &guest).await.unwrap();
    prepare(&backend, host, id).await.unwrap();
    let kept: i64 = sqlx::query_scalar("select count(*) from data_export_parts").fetch_one(&backend.db).await.unwrap();
    assert_eq!((kept, prepared(&backend, &ana).await.unwrap()), (0, None));
    // Made before, it goes as well.
    request(&backend, &ana).await.unwrap();
    let PrepareExport { host, export: id } = job(&backend).await;
    prepare(&backend, host, id).await.unwrap();
    let ada = testing::guest(&backend, &ana, event, "Ada", "ada@example.org").await;
    let (guest, _) = testing::invite(&backend, &ana, event, ada).await;
    erase(&backend, &guest).await.unwrap();
    assert!(parts(&backend, &ana).await.is_err());
}
