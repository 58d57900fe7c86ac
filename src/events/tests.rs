//! Tests of events.

use sqlx::PgPool;

use super::{EventForm, actions, queries};
use crate::{
    problem::{Conflict, Problem},
    rsvp::{self, AnswerForm},
    testing::{self, problem},
};

#[sqlx::test]
async fn another_hosts_event_looks_like_none(db: PgPool) {
    let backend = testing::backend(db).await;
    let (ana, ben) = (testing::host(&backend, "Ana").await, testing::host(&backend, "Ben").await);
    let id = testing::event(&backend, &ana, testing::event_form()).await;
    assert_eq!(problem(queries::event(&backend.db, &ben, id).await), Problem::NotFound);
    assert_eq!(problem(actions::edit(&backend, &ben, id, &testing::event_form()).await), Problem::NotFound);
    assert_eq!(problem(actions::cancel(&backend, &ben, id).await), Problem::NotFound);
    assert_eq!(problem(actions::delete(&backend, &ben, id).await), Problem::NotFound);
    assert!(queries::dashboard(&backend, &ben).await.unwrap().upcoming.is_empty());
    assert_eq!(queries::event(&backend.db, &ana, id).await.unwrap().title, "Midwinter dinner");
}

#[sqlx::test]
async fn a_row_that_mixes_two_hosts_cannot_be_stored(db: PgPool) {
    let backend = testing::backend(db).await;
    let (ana, ben) = (testing::host(&backend, "Ana").await, testing::host(&backend, "Ben").await);
    let id = testing::event(&backend, &ana, testing::event_form()).await;
    let mixed = sqlx::query(
        "insert into guests (host_id, event_id, id, name, party_size, created_at, updated_at)
        values ($1, $2, $3, 'Eve', 1, now(), now())",
    )
    .bind(ben.id())
    .bind(id)
    .bind(uuid::Uuid::now_v7())
    .execute(&backend.db)
    .await;
    let constraint = mixed.unwrap_err().as_database_error().and_then(|error| error.constraint()).map(ToOwned::to_owned);
    assert_eq!(constraint.as_deref(), Some("guests_event_fkey"));
}

#[sqlx::test]
async fn the_sequence_grows_only_when_the_change_matters_to_calendars(db: PgPool) {
    let backend = testing::backend(db).await;
    let host = testing::host(&backend, "Ana").await;
    let id = testing::event(&backend, &host, testing::event_form()).await;
    let sequence = async |form: EventForm| {
        actions::edit(&backend, &host, id, &form).await.unwrap();
        queries::event(&backend.db, &host, id).await.unwrap().sequence
    };
    assert_eq!(sequence(testing::event_form()).await, 0);
    assert_eq!(sequence(EventForm { capacity: "12".into(), ..testing::event_form() }).await, 0);
    assert_eq!(sequence(EventForm { venue: "Barn".into(), ..testing::event_form() }).await, 1);
    actions::cancel(&backend, &host, id).await.unwrap();
    assert_eq!(queries::event(&backend.db, &host, id).await.unwrap().sequence, 2);
}

#[sqlx::test]
async fn an_event_is_cancelled_once(db: PgPool) {
    let backend = testing::backend(db).await;
    let host = testing::host(&backend, "Ana").await;
    let id = testing::event(&backend, &host, testing::event_form()).await;
    let (one, other) = tokio::join!(actions::cancel(&backend, &host, id), actions::cancel(&backend, &host, id));
    assert_eq!(problem(one.and(other)), Problem::Conflict(Conflict::EventCancelled));
    let event = queries::event(&backend.db, &host, id).await.unwrap();
    assert_eq!((event.cancelled_at.is_some(), event.sequence), (true, 1), "cancelled, and once");
    actions::delete(&backend, &host, id).await.unwrap();
    assert_eq!(problem(actions::cancel(&backend, &host, id).await), Problem::NotFound);
}

#[sqlx::test]
async fn an_unchanged_form_can_be_saved(db: PgPool) {
    let backend = testing::stopped(db).await;
    let host = testing::host(&backend, "Ana").await;
    let form = EventForm {
        title: "Fête <b>\"d'été\"</b> 🎉 שלום".into(),
        description: "One\nTwo </textarea><script>".into(),
        ends: "2027-01-31T20:00".into(),
        rsvp_deadline: "2027-01-20".into(),
        capacity: "40".into(),
        ..testing::event_form()
    };
    let id = testing::event(&backend, &host, form).await;
    let before = queries::event(&backend.db, &host, id).await.unwrap();
    actions::edit(&backend, &host, id, &EventForm::of(&before)).await.unwrap();
    assert_eq!(queries::event(&backend.db, &host, id).await.unwrap(), before);
}

#[sqlx::test]
async fn the_dashboard_separates_past_from_upcoming_and_counts(db: PgPool) {
    let backend = testing::backend(db).await;
    let host = testing::host(&backend, "Ana").await;
    let id = testing::event(&backend, &host, testing::event_form()).await;
    testing::event(&backend, &host, EventForm { starts: "2026-06-01T18:00".into(), ..testing::event_form() }).await;
    let ada = testing::guest(&backend, &host, id, "Ada", "ada@example.org").await;
    testing::guest(&backend, &host, id, "Alan", "alan@example.org").await;
    let (guest, _) = testing::invite(&backend, &host, id, ada).await;
    let yes = AnswerForm { answer: "attending".into(), heads: "3".into(), ..AnswerForm::default() };
    rsvp::actions::answer(&backend, &guest, &yes).await.unwrap();
    let dashboard = queries::dashboard(&backend, &host).await.unwrap();
    assert_eq!((dashboard.upcoming.len(), dashboard.past.len()), (1, 1));
    let figures = dashboard.upcoming[0].figures;
    assert_eq!((figures.guests, figures.invited, figures.attending, figures.heads, figures.awaiting), (2, 1, 1, 3, 0));
}
