//! Tests of RSVPs.

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{Answer, AnswerForm, actions, overview::ActivityKind, queries};
use crate::{
    actors::{Guest, Host},
    backend::Backend,
    error::Error,
    events::{self, EventForm},
    ids::EventId,
    invitations,
    problem::{Conflict, FieldError, Problem},
    testing::{self, planned, problem},
};

async fn invited(backend: &Backend, host: &Host, event: EventId, name: &str, email: &str) -> Guest {
    let id = testing::guest(backend, host, event, name, email).await;
    testing::invite(backend, host, event, id).await.0
}

fn form(answer: &str, heads: &str) -> AnswerForm {
    AnswerForm { answer: answer.into(), heads: heads.into(), ..AnswerForm::default() }
}

async fn count(backend: &Backend, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&backend.db).await.unwrap()
}

#[sqlx::test]
async fn bad_answers_are_refused_field_by_field(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let guest = invited(&backend, &host, event, "Ada", "").await;
    let fault = async |form: AnswerForm| match problem(actions::answer(&backend, &guest, &form).await) {
        Problem::Invalid(faults) => faults.into_iter().map(|f| (f.field, f.error)).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(form("", "")).await, [("answer".into(), FieldError::Required)]);
    assert_eq!(fault(form("perhaps", "")).await, [("answer".into(), FieldError::NotAChoice)]);
    let beyond = FieldError::OutOfRange { min: 1, max: 4 };
    assert_eq!(fault(form("attending", "5")).await, [("heads".into(), beyond.clone())]);
    assert_eq!(fault(form("attending", "0")).await, [("heads".into(), beyond)]);
    let long = AnswerForm { message: "x".repeat(1001), ..form("maybe", "1") };
    assert_eq!(fault(long).await, [("message".into(), FieldError::TooLong(1000))]);
    assert_eq!(count(&backend, "select count(*) from rsvps").await, 0);
}

#[sqlx::test]
async fn an_answer_is_kept_with_its_history_and_confirmed(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let guest = invited(&backend, &host, event, "Ada", "ada@example.org").await;
    let first = AnswerForm {
        companions: vec!["Charles ".into(), "".into(), "Mary".into(), "One too many".into()],
        message: "🎉".into(),
        ..form("attending", "4")
    };
    actions::answer(&backend, &guest, &first).await.unwrap();
    backend.clock.set(testing::start() + TimeDelta::days(1));
    actions::answer(&backend, &guest, &form("declined", "4")).await.unwrap();
    let changes = queries::history(&backend.db, &host, event, guest.id()).await.unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!((changes[0].answer, changes[0].heads), (Answer::Declined, 0));
    assert_eq!((changes[1].answer, changes[1].heads), (Answer::Attending, 4));
    assert_eq!(changes[1].companions, ["Charles", "Mary"]);
    assert_eq!(count(&backend, "select count(*) from notifications where kind = 'confirmation'").await, 2);
}

#[sqlx::test]
async fn the_same_answer_again_changes_nothing(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let guest = invited(&backend, &host, event, "Ada", "ada@example.org").await;
    for _ in 0..2 {
        actions::answer(&backend, &guest, &form("attending", "2")).await.unwrap();
    }
    assert_eq!(count(&backend, "select count(*) from rsvp_history").await, 1);
    assert_eq!(count(&backend, "select count(*) from notifications where kind = 'confirmation'").await, 1);
}

#[sqlx::test]
async fn answers_close_at_the_end_of_the_reply_by_day_in_the_events_zone(db: PgPool) {
    let (backend, host, event) =
        planned(db, EventForm { rsvp_deadline: "2027-01-10".into(), ..testing::event_form() }).await;
    let guest = invited(&backend, &host, event, "Ada", "").await;
    // Berlin is an hour ahead: the day ends at 23:00 UTC.
    backend.clock.set("2027-01-10T22:59:59Z".parse().unwrap());
    actions::answer(&backend, &guest, &form("maybe", "1")).await.unwrap();
    backend.clock.set("2027-01-10T23:00:00Z".parse().unwrap());
    let late = problem(actions::answer(&backend, &guest, &form("attending", "1")).await);
    assert_eq!(late, Problem::Conflict(Conflict::RsvpsClosed));
}

#[sqlx::test]
async fn a_cancelled_event_takes_no_answers(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let guest = invited(&backend, &host, event, "Ada", "").await;
    events::actions::cancel(&backend, &host, event).await.unwrap();
    let refused = problem(actions::answer(&backend, &guest, &form("attending", "1")).await);
    assert_eq!(refused, Problem::Conflict(Conflict::EventCancelled));
}

#[sqlx::test]
async fn a_full_event_says_how_many_seats_are_left(db: PgPool) {
    let (backend, host, event) = planned(db, EventForm { capacity: "5".into(), ..testing::event_form() }).await;
    let ada = invited(&backend, &host, event, "Ada", "").await;
    let alan = invited(&backend, &host, event, "Alan", "").await;
    actions::answer(&backend, &ada, &form("attending", "3")).await.unwrap();
    let refused = problem(actions::answer(&backend, &alan, &form("attending", "3")).await);
    assert_eq!(refused, Problem::Conflict(Conflict::EventFull { left: 2 }));
    actions::answer(&backend, &alan, &form("maybe", "4")).await.unwrap();
    // Who holds seats may change their number within what is free together with theirs.
    actions::answer(&backend, &ada, &form("attending", "4")).await.unwrap();
    actions::answer(&backend, &alan, &form("attending", "1")).await.unwrap();
    let figures = queries::overview(&backend.db, &host, event).await.unwrap().figures;
    assert_eq!(figures.heads, 5);
}

#[sqlx::test]
async fn capacity_is_never_exceeded_when_a_hundred_reply_at_once(db: PgPool) {
    let (backend, host, event) = planned(db, EventForm { capacity: "10".into(), ..testing::event_form() }).await;
    let mut guests = Vec::new();
    for n in 0..100 {
        guests.push(invited(&backend, &host, event, &format!("Guest {n}"), "").await);
    }
    let answers = guests.into_iter().map(|guest| {
        let backend = backend.clone();
        tokio::spawn(async move { actions::answer(&backend, &guest, &form("attending", "1")).await })
    });
    let mut refused = 0;
    for done in answers.collect::<Vec<_>>() {
        match done.await.unwrap() {
            Ok(()) => {}
            Err(Error::Problem(Problem::Conflict(Conflict::EventFull { left: 0 }))) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    let heads = queries::overview(&backend.db, &host, event).await.unwrap().figures.heads;
    assert_eq!((heads, refused), (10, 90));
}

#[sqlx::test]
async fn the_overview_has_figures_chart_and_feed(db: PgPool) {
    let (backend, host, event) = planned(db, testing::event_form()).await;
    let ada = invited(&backend, &host, event, "Ada", "").await;
    backend.clock.set(testing::start() + TimeDelta::hours(1));
    actions::answer(&backend, &ada, &form("attending", "2")).await.unwrap();
    backend.clock.set(testing::start() + TimeDelta::hours(2));
    actions::answer(&backend, &ada, &form("declined", "")).await.unwrap();
    let overview = queries::overview(&backend.db, &host, event).await.unwrap();
    let states: Vec<_> = overview.chart.points.iter().map(|p| (p.attending, p.maybe, p.declined)).collect();
    assert_eq!(states, [(0, 0, 0), (2, 0, 0), (0, 0, 1)]);
    let feed: Vec<_> = overview.feed.iter().map(|activity| activity.kind).collect();
    assert_eq!(
        feed,
        [
            ActivityKind::Answered { answer: Answer::Declined, heads: 0 },
            ActivityKind::Answered { answer: Answer::Attending, heads: 2 },
            ActivityKind::Invited(1)
        ]
    );
    assert_eq!(overview.feed[0].at, "1 Jan, 15:00", "in the event's time zone");
    let ben = testing::host(&backend, "Ben").await;
    assert_eq!(problem(queries::overview(&backend.db, &ben, event).await), Problem::NotFound);
}

#[sqlx::test]
async fn the_guests_page_counts_free_seats_without_their_own(db: PgPool) {
    let (backend, host, event) = planned(db, EventForm { capacity: "5".into(), ..testing::event_form() }).await;
    let ada = invited(&backend, &host, event, "Ada", "").await;
    let alan = invited(&backend, &host, event, "Alan", "").await;
    actions::answer(&backend, &ada, &form("attending", "3")).await.unwrap();
    for (guest, left) in [(ada, 5), (alan, 2)] {
        let token = testing::token(&backend, &host, event, guest.id()).await;
        let page = invitations::page::page(&backend, &token).await.unwrap();
        assert_eq!((page.guest.id(), page.seats_left), (guest.id(), Some(left)));
    }
}
