//! Tests of reminders.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use super::{ReminderForm, add, plan, remove, rules, send_due, switch};
use crate::{
    actors::Host,
    backend::Backend,
    events::{self, EventForm},
    ids::{EventId, GuestId},
    invitations::{self, Selection},
    rsvp::{self, AnswerForm},
    testing,
};

/// An event on 31 January in Berlin, to be answered by the 20th, with three invited guests.
async fn planned(db: PgPool) -> (Backend, Host, EventId, Vec<GuestId>) {
    let form = EventForm { rsvp_deadline: "2027-01-20".into(), ..testing::event_form() };
    let (backend, host, event) = testing::planned(db, form).await;
    let mut guests = Vec::new();
    for name in ["Ada", "Bo", "Cy"] {
        guests.push(testing::guest(&backend, &host, event, name, &format!("{name}@example.org")).await);
    }
    invitations::actions::issue(&backend, &host, event, &Selection::All).await.unwrap();
    testing::post(&backend).await;
    (backend, host, event, guests)
}

fn rule(anchor: &str, days: u32, audience: &str) -> ReminderForm {
    ReminderForm { anchor: anchor.into(), days: days.to_string(), hour: "10".into(), audience: audience.into() }
}

async fn answer(backend: &Backend, host: &Host, event: EventId, guest: GuestId, answer: &str) {
    let token = testing::token(backend, host, event, guest).await;
    let guest = invitations::queries::guest_of(&backend.db, &token).await.unwrap();
    let form = AnswerForm { answer: answer.into(), heads: "1".into(), ..AnswerForm::default() };
    rsvp::actions::answer(backend, &guest, &form).await.unwrap();
}

/// The clock at this time; how many reminders were put into the outbox then.
async fn at(backend: &Backend, time: &str) -> usize {
    backend.clock.set(time.parse::<DateTime<Utc>>().unwrap());
    send_due(backend).await.unwrap()
}

async fn subjects(backend: &Backend) -> Vec<String> {
    let mut subjects: Vec<String> = testing::mails(backend)
        .await
        .iter()
        .map(|mail| mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap().subject().unwrap().to_owned())
        .filter(|subject| !subject.starts_with("You"))
        .collect();
    subjects.sort();
    subjects
}

#[sqlx::test]
async fn those_who_have_not_answered_are_reminded_once_by_the_clock_of_the_place(db: PgPool) {
    let (backend, host, event, guests) = planned(db).await;
    answer(&backend, &host, event, guests[0], "attending").await;
    let planned = plan(&backend, &host, event, &rule("rsvp-deadline", 3, "unanswered")).await.unwrap();
    assert_eq!(planned.due, Some("2027-01-17T09:00:00Z".parse().unwrap()), "ten o'clock in Berlin");
    let names: Vec<_> = planned.recipients.iter().map(|guest| &*guest.name).collect();
    assert_eq!(names, ["Bo", "Cy"]);
    add(&backend, &host, event, &rule("rsvp-deadline", 3, "unanswered")).await.unwrap();
    assert_eq!(at(&backend, "2027-01-17T08:59:59Z").await, 0);
    assert_eq!(at(&backend, "2027-01-17T09:04:00Z").await, 2);
    assert_eq!(at(&backend, "2027-01-17T09:09:00Z").await, 0, "once");
    // Bo answers before the email is sent: he gets no reminder.
    answer(&backend, &host, event, guests[1], "declined").await;
    testing::post(&backend).await;
    assert_eq!(subjects(&backend).await, ["Please reply: Midwinter dinner"]);
    assert!(rules(&backend, &host, event).await.unwrap().1[0].sent);
}

#[sqlx::test]
async fn nobody_is_reminded_at_night_twice_a_day_or_after_it_is_too_late(db: PgPool) {
    let (backend, host, event, guests) = planned(db).await;
    for guest in &guests[..2] {
        answer(&backend, &host, event, *guest, "attending").await;
    }
    add(&backend, &host, event, &rule("start", 1, "attending")).await.unwrap();
    add(&backend, &host, event, &rule("start", 2, "attending")).await.unwrap();
    // The worker was away: at ten in the evening it waits for the morning.
    assert_eq!(at(&backend, "2027-01-29T21:30:00Z").await, 0);
    assert_eq!(at(&backend, "2027-01-30T07:05:00Z").await, 2);
    assert_eq!(at(&backend, "2027-01-30T09:05:00Z").await, 0, "they got one three hours ago");
    testing::post(&backend).await;
    assert_eq!(subjects(&backend).await, ["See you soon: Midwinter dinner"; 2]);
    let (other, ..) = (testing::event(
        &backend,
        &host,
        EventForm { rsvp_deadline: "2027-02-20".into(), starts: "2027-03-01T18:00".into(), ..testing::event_form() },
    )
    .await,);
    let guest = testing::guest(&backend, &host, other, "Dee", "dee@example.org").await;
    invitations::actions::issue(&backend, &host, other, &Selection::Only(vec![guest])).await.unwrap();
    add(&backend, &host, other, &rule("rsvp-deadline", 3, "unanswered")).await.unwrap();
    assert_eq!(at(&backend, "2027-02-19T09:00:00Z").await, 0, "two days late");
    assert!(rules(&backend, &host, other).await.unwrap().1[0].sent, "and it does not come later");
}

#[sqlx::test]
async fn rules_can_be_switched_removed_and_follow_the_event(db: PgPool) {
    let (backend, host, event, _) = planned(db).await;
    let refused = testing::problem(plan(&backend, &host, event, &rule("rsvp-deadline", 30, "unanswered")).await);
    assert!(format!("{refused:?}").contains("InThePast"), "{refused:?}");
    add(&backend, &host, event, &rule("rsvp-deadline", 3, "unanswered")).await.unwrap();
    let again = testing::problem(add(&backend, &host, event, &rule("rsvp-deadline", 3, "unanswered")).await);
    assert!(format!("{again:?}").contains("Repeated"), "{again:?}");
    let id = rules(&backend, &host, event).await.unwrap().1[0].id.unwrap();
    switch(&backend, &host, event, id, false).await.unwrap();
    assert_eq!(at(&backend, "2027-01-17T09:00:00Z").await, 0, "turned off");
    switch(&backend, &host, event, id, true).await.unwrap();
    let later = EventForm { rsvp_deadline: "2027-01-25".into(), ..testing::event_form() };
    events::actions::edit(&backend, &host, event, &later).await.unwrap();
    assert_eq!(at(&backend, "2027-01-17T09:10:00Z").await, 0, "the day has moved");
    assert_eq!(at(&backend, "2027-01-22T09:00:00Z").await, 3);
    remove(&backend, &host, event, id).await.unwrap();
    assert_eq!(testing::post(&backend).await, 0, "what still waited is cancelled");
    let eve = testing::host(&backend, "Eve").await;
    add(&backend, &host, event, &rule("start", 1, "attending")).await.unwrap();
    let id = rules(&backend, &host, event).await.unwrap().1[0].id.unwrap();
    assert!(remove(&backend, &eve, event, id).await.is_err() && rules(&backend, &eve, event).await.is_err());
    backend.clock.set(backend.clock.now() + TimeDelta::days(1));
    events::actions::cancel(&backend, &host, event).await.unwrap();
    assert_eq!(at(&backend, "2027-01-30T09:00:00Z").await, 0, "a cancelled event reminds nobody");
}
