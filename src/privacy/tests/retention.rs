//! Tests of retention.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use crate::{
    audit::AuditEvent,
    auth,
    events::{self, EventForm},
    guests::{self, GuestForm},
    privacy::actions::{anonymise_due, send_retention_notices},
    problem::{Conflict, LinkEnd, Problem},
    rsvp,
    testing::{self, problem},
};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn guests_are_forgotten_when_their_time_is_over_and_the_host_was_told(db: PgPool) {
    // It begins on 31 January 2027.
    let form = EventForm { retention_months: "3".into(), ..testing::event_form() };
    let (backend, ana, event) = testing::planned(db, form.clone()).await;
    let grace = testing::guest(&backend, &ana, event, "Grace Hopper", "grace@example.org").await;
    let (_, token) = testing::invite(&backend, &ana, event, grace).await;
    let empty = testing::event(&backend, &ana, form.clone()).await;
    testing::post(&backend).await;
    assert_eq!(events::queries::event(&backend.db, &ana, event).await.unwrap().kept_until(), "30 April 2027");

    backend.clock.set(at("2027-04-16T10:00:00Z"));
    assert_eq!((send_retention_notices(&backend).await.unwrap(), anonymise_due(&backend).await.unwrap()), (0, 0));
    backend.clock.set(at("2027-04-16T12:00:00Z"));
    assert_eq!(send_retention_notices(&backend).await.unwrap(), 1);
    assert_eq!(send_retention_notices(&backend).await.unwrap(), 0, "once is enough");
    testing::post(&backend).await;
    let mail = testing::mails(&backend).await.remove(0);
    assert!(
        mail.contains("deleted soon") && mail.contains("Midwinter dinner") && mail.contains("30 April 2027"),
        "{mail}"
    );
    backend.clock.set(at("2027-04-30T11:00:00Z"));
    assert_eq!(anonymise_due(&backend).await.unwrap(), 0, "not a day too early");

    backend.clock.set(at("2027-04-30T18:00:00Z"));
    assert_eq!(anonymise_due(&backend).await.unwrap(), 1);
    assert_eq!(anonymise_due(&backend).await.unwrap(), 0);
    let seat = guests::queries::guest(&backend.db, &ana, event, grace).await.unwrap();
    assert!(seat.erased && seat.email.is_none());
    let ended = problem(crate::invitations::queries::guest_of(&backend.db, &token).await);
    assert_eq!(ended, Problem::LinkEnded(LinkEnd::Erased));
    let figures = rsvp::queries::overview(&backend.db, &ana, event).await.unwrap().figures;
    assert_eq!((figures.guests, figures.invited), (1, 1), "the figures stay");
    let ana = testing::signed_in(&backend, "ana@example.org", testing::PASSWORD).await.unwrap();
    let noted = auth::queries::account(&backend, &ana).await.unwrap().activity;
    assert!(noted.iter().any(|entry| entry.event == AuditEvent::EventAnonymised && entry.detail == "Midwinter dinner"));

    // Nobody is added to a list that is over, until the event comes again.
    let new = GuestForm { name: "Ada".into(), ..GuestForm::default() };
    let refused = problem(guests::actions::add(&backend, &ana, event, &new).await);
    assert_eq!(refused, Problem::Conflict(Conflict::Anonymised));
    let next_year = EventForm { starts: "2028-01-31T13:00".into(), ..form };
    events::actions::edit(&backend, &ana, event, &next_year).await.unwrap();
    guests::actions::add(&backend, &ana, event, &new).await.unwrap();
    assert_eq!((send_retention_notices(&backend).await.unwrap(), anonymise_due(&backend).await.unwrap()), (0, 0));
    assert!(events::queries::event(&backend.db, &ana, empty).await.unwrap().anonymised_at.is_none());
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn nobodys_list_is_forgotten_before_they_were_told_two_weeks_long(db: PgPool) {
    let (backend, ana, event) = testing::planned_on(testing::stopped(db).await, testing::event_form()).await;
    testing::guest(&backend, &ana, event, "Grace", "grace@example.org").await;
    // Nobody worked for a year and a half, or the host chose a shorter time afterwards.
    let late = at("2028-08-01T12:00:00Z");
    backend.clock.set(late);
    assert_eq!(anonymise_due(&backend).await.unwrap(), 0);
    assert_eq!(send_retention_notices(&backend).await.unwrap(), 1);
    backend.clock.set(late + TimeDelta::days(13));
    assert_eq!(anonymise_due(&backend).await.unwrap(), 0);
    // Who keeps the list longer meanwhile is told anew when that is over.
    let longer = EventForm { retention_months: "24".into(), ..testing::event_form() };
    events::actions::edit(&backend, &ana, event, &longer).await.unwrap();
    backend.clock.set(late + TimeDelta::days(15));
    assert_eq!(anonymise_due(&backend).await.unwrap(), 0);
    backend.clock.set(at("2029-02-01T12:00:00Z"));
    assert_eq!((anonymise_due(&backend).await.unwrap(), send_retention_notices(&backend).await.unwrap()), (0, 1));
    testing::post(&backend).await;
    backend.clock.set(at("2029-02-15T12:00:00Z"));
    assert_eq!(anonymise_due(&backend).await.unwrap(), 1);
}

#[test]
fn how_long_guests_are_kept_is_one_of_the_choices() {
    let with = |months: &str| EventForm { retention_months: months.into(), ..testing::event_form() };
    assert_eq!(with("").parse().unwrap().retention_months, 12);
    assert_eq!(with("36").parse().unwrap().retention_months, 36);
    for wrong in ["0", "37", "5", "for ever"] {
        assert_eq!(with(wrong).parse().unwrap_err().errors("retention_months").count(), 1, "{wrong}");
    }
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn a_warning_that_never_left_counts_for_nothing(db: PgPool) {
    let (backend, ana, event) = testing::planned_on(testing::stopped(db).await, testing::event_form()).await;
    testing::guest(&backend, &ana, event, "Grace", "grace@example.org").await;
    let over = at("2028-02-01T12:00:00Z");
    backend.clock.set(over);
    assert_eq!(send_retention_notices(&backend).await.unwrap(), 1);
    backend.clock.set(over + TimeDelta::days(14));
    assert_eq!(anonymise_due(&backend).await.unwrap(), 0, "it still waits");
    sqlx::query("update notifications set state = 'failed' where kind = 'retention-notice'")
        .execute(&backend.db)
        .await
        .unwrap();
    assert_eq!((send_retention_notices(&backend).await.unwrap(), testing::post(&backend).await), (1, 1));
    assert_eq!(events::queries::event(&backend.db, &ana, event).await.unwrap().kept_until(), "29 February 2028");
    backend.clock.set(over + TimeDelta::days(27));
    assert_eq!(anonymise_due(&backend).await.unwrap(), 0);
    // Moving the date a little gains no time.
    let moved = EventForm { ends: "2027-01-31T23:00".into(), ..testing::event_form() };
    events::actions::edit(&backend, &ana, event, &moved).await.unwrap();
    backend.clock.set(over + TimeDelta::days(28));
    assert_eq!(anonymise_due(&backend).await.unwrap(), 1);
}
