//! Tests of guest messages and delivery reports.

use sqlx::PgPool;

use super::{
    provider_events::{self, DeliveryEvent, DeliveryReport, DeliveryStatus},
    reference::Reference,
};
use crate::{
    actors::Host,
    backend::Backend,
    events::{self, EventForm},
    guests,
    ids::{EventId, GuestId, NotificationId},
    invitations::{self, Selection},
    testing,
};

async fn queued(db: PgPool, form: EventForm, name: &str) -> (Backend, Host, EventId, GuestId) {
    let backend = testing::backend(db).await;
    let host = testing::host(&backend, "Ana").await;
    let event = testing::event(&backend, &host, form).await;
    let guest = testing::guest(&backend, &host, event, name, "ada@example.org").await;
    invitations::actions::issue(&backend, &host, event, &Selection::All).await.unwrap();
    (backend, host, event, guest)
}

async fn states(backend: &Backend) -> Vec<String> {
    sqlx::query_scalar("select state from notifications order by id").fetch_all(&backend.db).await.unwrap()
}

#[sqlx::test]
async fn an_invitation_carries_the_personal_link_in_both_parts(db: PgPool) {
    let form = EventForm { description: "Bring <nothing> & nobody's dog".into(), ..testing::event_form() };
    let (backend, host, event, guest) = queued(db, form, "Ada").await;
    testing::post(&backend).await;
    let token = testing::token(&backend, &host, event, guest).await;
    let raw = testing::mails(&backend).await.remove(0);
    let mail = mail_parser::MessageParser::default().parse(raw.as_bytes()).unwrap();
    assert_eq!(mail.subject(), Some("You're invited: Midwinter dinner"));
    let link = format!("https://guests.example/i/{}", token.0);
    let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    assert!(text.contains(&link) && html.contains(&format!("href=\"{link}\"")));
    assert!(text.contains("Bring <nothing> & nobody's dog"));
    assert!(!html.contains("<nothing>"), "text of the host is text in the mail");
    assert_eq!(states(&backend).await, ["sent"]);
}

#[sqlx::test]
async fn names_cannot_write_headers_of_their_own(db: PgPool) {
    let form = EventForm { title: "Dinner\r\nBcc: eve@example.org".into(), ..testing::event_form() };
    let (backend, ..) = queued(db, form, "Ada\r\nBcc: eve@example.org \"<x>\" 🎉").await;
    testing::post(&backend).await;
    let raw = testing::mails(&backend).await.remove(0);
    let mail = mail_parser::MessageParser::default().parse(raw.as_bytes()).unwrap();
    assert!(mail.bcc().is_none());
    assert_eq!(mail.to().and_then(|to| to.first()).and_then(|to| to.address()), Some("ada@example.org"));
    let mut names: Vec<_> = mail.headers().iter().map(|header| header.name().to_lowercase()).collect();
    names.sort();
    let once = [
        "content-type",
        "date",
        "from",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "message-id",
        "mime-version",
        "reply-to",
        "subject",
        "to",
    ];
    assert_eq!(names, once);
}

#[sqlx::test]
async fn a_message_for_a_removed_guest_or_a_cancelled_event_is_not_sent(db: PgPool) {
    let (backend, host, event, guest) = queued(db, testing::event_form(), "Ada").await;
    let removed = guests::actions::delete(&backend, &host, event, &[guest]).await.unwrap();
    testing::post(&backend).await;
    guests::actions::restore(&backend, &host, event, removed.at).await.unwrap();
    invitations::actions::resend(&backend, &host, event, guest).await.unwrap();
    events::actions::cancel(&backend, &host, event).await.unwrap();
    testing::post(&backend).await;
    assert_eq!(states(&backend).await, ["cancelled", "cancelled"]);
    assert!(testing::mails(&backend).await.is_empty());
}

#[sqlx::test]
async fn a_confirmation_without_a_reply_is_not_sent(db: PgPool) {
    let (backend, ..) = queued(db, testing::event_form(), "Ada").await;
    sqlx::query("update notifications set kind = 'confirmation'").execute(&backend.db).await.unwrap();
    testing::post(&backend).await;
    assert_eq!(states(&backend).await, ["cancelled"]);
    assert!(testing::mails(&backend).await.is_empty(), "it would say that they declined");
}

#[sqlx::test]
async fn a_link_rotated_before_the_mail_left_goes_out_as_the_new_one(db: PgPool) {
    let (backend, host, event, guest) = queued(db, testing::event_form(), "Ada").await;
    let old = testing::token(&backend, &host, event, guest).await;
    invitations::actions::rotate(&backend, &host, event, guest).await.unwrap();
    let new = testing::token(&backend, &host, event, guest).await;
    testing::post(&backend).await;
    let raw = testing::mails(&backend).await.remove(0);
    let text = mail_parser::MessageParser::default().parse(raw.as_bytes()).unwrap().body_text(0).unwrap().into_owned();
    assert!(text.contains(&new.0) && !text.contains(&old.0));
}

#[sqlx::test]
async fn resending_replaces_an_invitation_that_still_waits(db: PgPool) {
    let (backend, host, event, guest) = queued(db, testing::event_form(), "Ada").await;
    invitations::actions::resend(&backend, &host, event, guest).await.unwrap();
    testing::post(&backend).await;
    assert_eq!(states(&backend).await, ["cancelled", "sent"]);
    assert_eq!(testing::mails(&backend).await.len(), 1);
}

#[sqlx::test]
async fn a_delivered_message_is_not_sent_again(db: PgPool) {
    let (backend, ..) = queued(db, testing::event_form(), "Ada").await;
    assert_eq!(testing::post(&backend).await, 1);
    assert_eq!(testing::post(&backend).await, 0);
    assert_eq!(testing::mails(&backend).await.len(), 1);
}

fn orders(items: &[DeliveryStatus]) -> Vec<Vec<DeliveryStatus>> {
    let Some((first, rest)) = items.split_first() else { return vec![Vec::new()] };
    let shorter = orders(rest);
    let places =
        shorter.iter().flat_map(|order| (0..=order.len()).map(|at| [&order[..at], &[*first], &order[at..]].concat()));
    places.collect()
}

/// Reports these statuses of a new message, in this order; its state then, and the number of suppressions of its address.
async fn reported(
    backend: &Backend,
    host: &Host,
    number: usize,
    statuses: &[DeliveryStatus],
) -> (String, Option<String>, i64) {
    let (id, address) = (NotificationId::new(), format!("guest{number}@example.org"));
    sqlx::query(
        "insert into notifications (host_id, id, kind, recipient, state, created_at, state_changed_at, run_at, expires_at)
        values ($1, $2, 'verify', $3, 'sent', now(), now(), now(), now())",
    )
    .bind(host.id().0)
    .bind(id.0)
    .bind(&address)
    .execute(&backend.db)
    .await
    .unwrap();
    for status in statuses {
        let report = DeliveryReport {
            provider: "resend",
            key: format!("{id} {status:?}"),
            kind: format!("{status:?}"),
            event: Some(DeliveryEvent {
                reference: Some(Reference { host: host.id(), id }),
                provider_id: "x".into(),
                status: *status,
                at: backend.clock.now(),
                detail: String::new(),
            }),
        };
        for _ in 0..2 {
            provider_events::apply(backend, &report).await.unwrap();
        }
    }
    sqlx::query_as(
        "select state, bounce_type, (select count(*) from suppressions where address = n.recipient) from notifications n
        where id = $1",
    )
    .bind(id.0)
    .fetch_one(&backend.db)
    .await
    .unwrap()
}

#[sqlx::test]
async fn delivery_reports_give_the_same_result_in_every_order_and_when_repeated(db: PgPool) {
    use DeliveryStatus::{Complained, Delayed, Delivered, HardBounced, Opened, Sent, SoftBounced};
    let backend = testing::backend(db).await;
    let host = testing::host(&backend, "Ana").await;
    let mut number = 0;
    for (statuses, end) in [
        (vec![Delayed, Sent, SoftBounced, Delivered, Opened], ("delivered", 0)),
        (vec![Sent, Delivered, HardBounced], ("bounced", 1)),
        (vec![Sent, Delivered, Opened, HardBounced, Complained], ("complained", 2)),
        (vec![Sent, SoftBounced], ("bounced", 0)),
    ] {
        for order in orders(&statuses) {
            number += 1;
            let (state, _, suppressed) = reported(&backend, &host, number, &order).await;
            assert_eq!((&*state, suppressed), end, "{order:?}");
        }
    }
}

#[sqlx::test]
async fn an_address_that_soft_bounces_five_times_in_two_weeks_is_suppressed(db: PgPool) {
    let backend = testing::backend(db).await;
    let host = testing::host(&backend, "Ana").await;
    let bounces = async |day: i64| {
        backend.clock.set(testing::start() + chrono::TimeDelta::days(day));
        reported(&backend, &host, 1, &[DeliveryStatus::Sent, DeliveryStatus::SoftBounced]).await.2
    };
    for day in [0, 1, 2, 3, 15] {
        assert_eq!(bounces(day).await, 0, "day {day}: no five within fourteen days");
    }
    for (day, suppressed) in [(15, 0), (16, 0), (16, 1)] {
        assert_eq!(bounces(day).await, suppressed, "day {day}");
    }
}

#[sqlx::test]
async fn a_host_with_too_many_spam_complaints_is_paused(db: PgPool) {
    let (backend, host, event, guest) = queued(db, testing::event_form(), "Ada").await;
    testing::post(&backend).await;
    let copies = "insert into notifications (host_id, event_id, guest_id, id, kind, recipient, state, latest, created_at,
            state_changed_at, run_at, expires_at)
        select $1, $2, $3, gen_random_uuid(), 'invitation', 'guest' || n || '@example.org', 'sent', false, $4, $4, $4, $4
        from generate_series(1, 498) n";
    let paused = async || -> Option<String> {
        sqlx::query_scalar("select sending_paused from users").fetch_one(&backend.db).await.unwrap()
    };
    sqlx::query(copies)
        .bind(host.id().0)
        .bind(event.0)
        .bind(guest.0)
        .bind(backend.clock.now())
        .execute(&backend.db)
        .await
        .unwrap();
    let complain = async |recipient: &str| {
        let id: NotificationId = sqlx::query_scalar("select id from notifications where recipient = $1")
            .bind(recipient)
            .fetch_one(&backend.db)
            .await
            .unwrap();
        let event = DeliveryEvent {
            reference: Some(Reference { host: host.id(), id }),
            provider_id: String::new(),
            status: DeliveryStatus::Complained,
            at: backend.clock.now(),
            detail: String::new(),
        };
        let report =
            DeliveryReport { provider: "ses", key: recipient.into(), kind: "Complaint".into(), event: Some(event) };
        provider_events::apply(&backend, &report).await.unwrap();
    };
    complain("guest1@example.org").await;
    assert_eq!(paused().await, None, "499 messages are too few for a rate");
    sqlx::query("update notifications set created_at = $1, state = 'sent' where recipient = 'ada@example.org'")
        .bind(backend.clock.now())
        .execute(&backend.db)
        .await
        .unwrap();
    let one_more = copies.replace("generate_series(1, 498)", "generate_series(499, 499)");
    sqlx::query(sqlx::AssertSqlSafe(one_more))
        .bind(host.id().0)
        .bind(event.0)
        .bind(guest.0)
        .bind(backend.clock.now())
        .execute(&backend.db)
        .await
        .unwrap();
    complain("guest2@example.org").await;
    assert_eq!(paused().await.as_deref(), Some("complaints"));
    let other = testing::guest(&backend, &host, event, "Bo", "bo@example.org").await;
    invitations::actions::issue(&backend, &host, event, &Selection::Only(vec![other])).await.unwrap();
    assert_eq!(testing::post(&backend).await, 0, "what waits stays");
}

#[sqlx::test]
async fn a_new_hosts_invitations_are_sent_over_several_days(db: PgPool) {
    let mut backend = testing::backend(db).await;
    backend.warm_up = true;
    let host = testing::host(&backend, "Ana").await;
    let event = testing::event(&backend, &host, testing::event_form()).await;
    let begun = backend.clock.now();
    let mut number = 0;
    let mut invite = async |many: usize| {
        for _ in 0..many {
            number += 1;
            testing::guest(&backend, &host, event, "Ada", &format!("ada{number}@example.org")).await;
        }
        let plan = invitations::queries::plan(&backend, &host, event, None).await.unwrap();
        let issued = invitations::actions::issue(&backend, &host, event, &Selection::All).await.unwrap();
        assert_eq!(plan.later, issued.later as i64, "the plan says what happens");
        issued.later
    };
    assert_eq!(invite(90).await, 0);
    assert_eq!(invite(40).await, 30, "a hundred on the first day");
    backend.clock.set(begun + chrono::TimeDelta::hours(25));
    assert_eq!(invite(480).await, 10, "five hundred on the second, with the thirty that waited for it");
    let days: Vec<(i64, i64)> = sqlx::query_as(
        "select floor(extract(epoch from run_at - min_at) / 86400)::bigint, count(*) from notifications,
            (select min(run_at) as min_at from notifications) f group by 1 order by 1",
    )
    .fetch_all(&backend.db)
    .await
    .unwrap();
    assert_eq!(days, [(0, 100), (1, 500), (2, 10)]);
    let short = "select count(*) from notifications where expires_at - run_at <> interval '24 hours'";
    let short: i64 = sqlx::query_scalar(short).fetch_one(&backend.db).await.unwrap();
    assert_eq!(short, 0, "each is worth sending for a day from then on");
}
