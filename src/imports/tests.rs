//! Tests of import verbs, and of the file corpus.

mod damaged;

use std::path::Path;

use serde::Deserialize;
use sqlx::PgPool;
use strum::VariantArray;

use super::{ColumnMapping, DuplicatePolicy, RowStatus, Upload, actions, columns::Column, queries};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    guests::GuestForm,
    ids::{EventId, ImportId},
    problem::{Conflict, FieldError, FileError, Problem},
    testing,
};

/// What a file of the corpus is expected to be read as.
#[derive(Deserialize)]
struct Expected {
    country: String,
    refused: Option<String>,
    columns: Option<Vec<String>>,
    #[serde(default)]
    rows: Vec<serde_json::Value>,
}

async fn parse(backend: &Backend, host: &Host, event: EventId, text: &str) -> Result<ImportId> {
    let upload = Upload { name: "guests.csv".into(), country: "GB".into(), columns: Vec::new() };
    actions::parse(backend, host, event, text.into(), &upload).await
}

async fn names(backend: &Backend) -> Vec<String> {
    let sql = "select concat_ws('|', name, email, phone, party_size, array_to_string(tags, '+'), note) from guests
        where deleted_at is null order by id";
    sqlx::query_scalar(sql).fetch_all(&backend.db).await.unwrap()
}

async fn choose(backend: &Backend, host: &Host, event: EventId, import: ImportId, policy: DuplicatePolicy) {
    let review = queries::import(&backend.db, host, event, import).await.unwrap();
    let mapping = ColumnMapping {
        columns: review.layout.columns.iter().map(|column| column.into_str().to_owned()).collect(),
        header: review.layout.header,
        country: review.country,
        duplicates: policy.into_str().to_owned(),
    };
    actions::set_mapping(backend, host, event, import, &mapping).await.unwrap();
}

#[sqlx::test]
async fn every_file_of_the_corpus_is_read_as_expected(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("server/tests/fixtures/imports");
    let (mut read, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let expected = path.with_file_name(format!("{}.json", path.file_name().unwrap().display()));
        if !expected.exists() {
            continue;
        }
        let name = path.file_name().unwrap().display().to_string();
        let expected: Expected = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
        let upload = Upload { name: name.clone(), country: expected.country.clone(), columns: Vec::new() };
        let parsed = actions::parse(&backend, &ana, event, std::fs::read(&path).unwrap(), &upload).await;
        read += 1;
        // The corpus names kinds of numbers and refusals in its own way.
        let word = |key: &str| match key {
            "mobile" => "phone".to_owned(),
            key => key.replace('-', "_"),
        };
        if let Some(refused) = &expected.refused {
            let Problem::Invalid(faults) = testing::problem(parsed) else { panic!("{name}") };
            let FieldError::File(fault) = &faults[0].error else { panic!("{name}: {faults:?}") };
            let name_of_fault = match fault {
                FileError::Empty => "empty",
                FileError::NotATable => "not-a-table",
                FileError::Damaged => "damaged",
                FileError::TooLarge | FileError::TooManyRows => "too-large",
            };
            assert_eq!(name_of_fault, refused, "{name}");
            continue;
        }
        let import = parsed.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let review = queries::import(&backend.db, &ana, event, import).await.unwrap();
        if let Some(columns) = &expected.columns {
            let keys: Vec<_> = review.layout.columns.iter().map(|column| word(column.into_str())).collect();
            if &keys != columns {
                wrong.push(format!("{name}: {keys:?}, not {columns:?}"));
            }
        }
        let rows: Vec<serde_json::Value> = sqlx::query_scalar(
            "select case status
                when 'attention' then jsonb_build_object('attention', (select jsonb_agg(distinct f -> 'field') from jsonb_array_elements(errors) f))
                else jsonb_build_object('name', name, 'email', email, 'phone', phone, 'party_size', party_size, 'tags', to_jsonb(tags), 'note', note)
                    || case status when 'repeated' then '{\"repeated\": true}' else '{}' end::jsonb end
            from import_rows where import_id = $1
                and not ($2 and line = (select min(line) from import_rows where import_id = $1)) order by line",
        )
        .bind(import.0)
        .bind(review.layout.header)
        .fetch_all(&backend.db)
        .await
        .unwrap();
        let differ = rows.iter().zip(&expected.rows).filter(|(row, expected)| row != expected);
        wrong.extend(differ.map(|(row, expected)| format!("{name}: {row}, not {expected}")));
        if rows.len() != expected.rows.len() {
            wrong.push(format!("{name}: {} rows, not {}", rows.len(), expected.rows.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read > 20, "{read} files");
}

#[sqlx::test]
async fn existing_guests_are_skipped_updated_or_added_as_duplicates(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    testing::guest(&backend, &ana, event, "Ada", "ADA@example.org").await;
    let text = "Name,Email,Phone,Seats,Tags,Note\nAda Lovelace,ada@example.org,07911 123456,,VIP,hello\nBo,bo@example.org,,2,,\n";
    for (policy, expected) in [
        (DuplicatePolicy::Skip, ["Ada|ADA@example.org|4||", "Bo|bo@example.org|2||"].as_slice()),
        (DuplicatePolicy::Update, &["Ada Lovelace|ADA@example.org|+447911123456|4|VIP|hello", "Bo|bo@example.org|2||"]),
        (
            DuplicatePolicy::Add,
            &[
                "Ada|ADA@example.org|4||",
                "Ada Lovelace|ada@example.org|+447911123456|4|VIP|hello",
                "Bo|bo@example.org|2||",
            ],
        ),
    ] {
        let import = parse(&backend, &ana, event, text).await.unwrap();
        choose(&backend, &ana, event, import, policy).await;
        actions::commit(&backend, &ana, event, import, false).await.unwrap();
        assert_eq!(names(&backend).await, expected, "{policy:?}");
        actions::commit(&backend, &ana, event, import, false).await.unwrap();
        assert_eq!(names(&backend).await, expected, "{policy:?}: a second commit changes nothing");
        let (reverted, kept) = actions::undo(&backend, &ana, event, import).await.unwrap();
        assert_eq!((reverted, kept), (if policy == DuplicatePolicy::Skip { 1 } else { 2 }, 0), "{policy:?}");
        assert_eq!(names(&backend).await, ["Ada|ADA@example.org|4||"], "{policy:?}: undone");
        let again = actions::undo(&backend, &ana, event, import).await;
        assert_eq!(testing::problem(again), Problem::Conflict(Conflict::UndoExpired));
    }
}

#[sqlx::test]
async fn undo_leaves_alone_guests_changed_since(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let import =
        parse(&backend, &ana, event, "Name,Email\nAda,ada@example.org\nBo,bo@example.org\nCy,cy@example.org\n")
            .await
            .unwrap();
    actions::commit(&backend, &ana, event, import, false).await.unwrap();
    backend.clock.set(testing::start() + chrono::TimeDelta::hours(1));
    let ids: Vec<crate::ids::GuestId> =
        sqlx::query_scalar("select id from guests order by name").fetch_all(&backend.db).await.unwrap();
    testing::invite(&backend, &ana, event, ids[0]).await;
    let form = GuestForm { name: "Bo Chan".into(), ..GuestForm::default() };
    crate::guests::actions::edit(&backend, &ana, event, ids[1], &form).await.unwrap();
    assert_eq!(actions::undo(&backend, &ana, event, import).await.unwrap(), (1, 2));
    assert_eq!(names(&backend).await, ["Ada|ada@example.org|4||", "Bo Chan|4||"]);

    let late = parse(&backend, &ana, event, "Name\nDee\n").await.unwrap();
    actions::commit(&backend, &ana, event, late, false).await.unwrap();
    backend.clock.set(testing::start() + chrono::TimeDelta::hours(26));
    assert_eq!(
        testing::problem(actions::undo(&backend, &ana, event, late).await),
        Problem::Conflict(Conflict::UndoExpired)
    );
    assert_eq!(actions::delete_expired(&backend).await.unwrap(), 2);
}

#[sqlx::test]
async fn rows_are_corrected_excluded_and_mapped_differently(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let text = "Name,Email,Shoes\nAda,ada@,42\nBo,bo@gmial.com,43\nBo again,BO@gmial.com,44\n";
    let import = parse(&backend, &ana, event, text).await.unwrap();
    let review = queries::import(&backend.db, &ana, event, import).await.unwrap();
    let counts: Vec<_> = RowStatus::VARIANTS.iter().map(|status| review.count(*status)).collect();
    assert_eq!(counts, [1, 1, 0, 1, 0, 0]);
    let bad = &queries::rows(&backend.db, &ana, &review, RowStatus::Attention, 1).await.unwrap()[0];
    assert_eq!((bad.line, bad.faults[0].field.as_str(), &*bad.form.email), (2, "email", "ada@"));
    let ready = &queries::rows(&backend.db, &ana, &review, RowStatus::Ready, 1).await.unwrap()[0];
    assert_eq!(ready.suggestion.as_deref(), Some("bo@gmail.com"));
    let repeated = &queries::rows(&backend.db, &ana, &review, RowStatus::Repeated, 1).await.unwrap()[0];
    assert_eq!((repeated.line, repeated.duplicate_of), (4, Some(3)));

    let form = GuestForm { email: "ada@example.org".into(), ..bad.form.clone() };
    actions::correct_row(&backend, &ana, event, import, 2, &form).await.unwrap();
    let still_bad = actions::correct_row(&backend, &ana, event, import, 2, &bad.form).await;
    assert!(matches!(testing::problem(still_bad), Problem::Invalid(_)));
    actions::exclude_row(&backend, &ana, event, import, &[3], true).await.unwrap();
    let mapping = ColumnMapping {
        columns: [Column::Name, Column::Email, Column::Tags].map(|column| column.into_str().to_owned()).into(),
        header: true,
        country: "DE".into(),
        duplicates: "skip".into(),
    };
    actions::set_mapping(&backend, &ana, event, import, &mapping).await.unwrap();
    actions::commit(&backend, &ana, event, import, false).await.unwrap();
    assert_eq!(names(&backend).await, ["Ada|ada@example.org|4||", "Bo again|BO@gmial.com|4|44|"]);
    let done = actions::exclude_row(&backend, &ana, event, import, &[3], false).await;
    assert_eq!(testing::problem(done), Problem::Conflict(Conflict::ImportDone));
}

#[sqlx::test]
async fn of_two_imports_at_once_nobody_is_added_twice(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let rows: String = (0..200).map(|n| format!("Guest {n},guest{n}@example.org\n")).collect();
    let mut commits = Vec::new();
    for _ in 0..4 {
        let import = parse(&backend, &ana, event, &format!("Name,Email\n{rows}")).await.unwrap();
        let (backend, ana) = (backend.clone(), ana.clone());
        commits.push(tokio::spawn(async move { actions::commit(&backend, &ana, event, import, false).await }));
    }
    let mut done = 0;
    for commit in commits {
        done += usize::from(commit.await.unwrap().is_ok());
    }
    assert_eq!((done, names(&backend).await.len()), (1, 200));
}

#[sqlx::test]
async fn a_row_that_cannot_be_stored_stops_all_of_them(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let import = parse(&backend, &ana, event, "Name,Email\nAda,ada@example.org\nBo,bo@example.org\n").await.unwrap();
    sqlx::query("alter table guests add constraint no_bo check (name <> 'Bo')").execute(&backend.db).await.unwrap();
    assert!(matches!(
        actions::commit(&backend, &ana, event, import, false).await,
        Err(crate::error::Error::Unexpected(_))
    ));
    assert!(names(&backend).await.is_empty());
    sqlx::query("alter table guests drop constraint no_bo").execute(&backend.db).await.unwrap();
    actions::commit(&backend, &ana, event, import, false).await.unwrap();
    assert_eq!(names(&backend).await.len(), 2);
}

#[sqlx::test]
async fn files_beyond_the_limits_are_refused_and_nothing_is_kept(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let rows = |count: usize| format!("Name\n{}", (0..count).map(|n| format!("Guest {n}\n")).collect::<String>());
    let refused = parse(&backend, &ana, event, &rows(5_001)).await;
    assert_eq!(testing::problem(refused), crate::problem::invalid("file", FieldError::File(FileError::TooManyRows)));
    let kept: i64 = sqlx::query_scalar("select count(*) from imports").fetch_one(&backend.db).await.unwrap();
    assert_eq!(kept, 0);
    parse(&backend, &ana, event, &rows(5_000)).await.unwrap();
}

#[sqlx::test]
async fn an_update_keeps_names_missing_in_the_file_and_undo_spares_replies(db: PgPool) {
    let (backend, ana, event) = testing::planned(db, testing::event_form()).await;
    let form = GuestForm {
        name: "Ada Lovelace".into(),
        email: "al@example.org".into(),
        party_size: "1".into(),
        ..GuestForm::default()
    };
    let id = crate::guests::actions::add(&backend, &ana, event, &form).await.unwrap();
    let (guest, _) = testing::invite(&backend, &ana, event, id).await;
    backend.clock.set(testing::start() + chrono::TimeDelta::hours(1));
    let import = parse(&backend, &ana, event, "E-mail,Seats\nal@example.org,3\n").await.unwrap();
    choose(&backend, &ana, event, import, DuplicatePolicy::Update).await;
    actions::commit(&backend, &ana, event, import, false).await.unwrap();
    assert_eq!(names(&backend).await, ["Ada Lovelace|al@example.org|3||"]);
    backend.clock.set(testing::start() + chrono::TimeDelta::hours(2));
    let yes = crate::rsvp::AnswerForm { answer: "attending".into(), heads: "3".into(), ..Default::default() };
    crate::rsvp::actions::answer(&backend, &guest, &yes).await.unwrap();
    assert_eq!(actions::undo(&backend, &ana, event, import).await.unwrap(), (0, 1));
    assert_eq!(names(&backend).await, ["Ada Lovelace|al@example.org|3||"], "who answered for three keeps three seats");
}
