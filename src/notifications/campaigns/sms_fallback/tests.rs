//! Tests of the SMS fallback.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::{Segments, SmsFallbackForm, segments, send_due, set, sms_fallback};
use crate::{
    guests::{self, GuestForm},
    invitations::{self, Selection},
    rsvp::{self, AnswerForm},
    testing,
};

#[test]
fn segments_are_counted_as_providers_charge_them() {
    for (text, count, unicode) in [
        ("x".repeat(160), 1, false),
        ("x".repeat(161), 2, false),
        ("x".repeat(306), 2, false),
        ("x".repeat(307), 3, false),
        ("€".repeat(80), 1, false),
        ("€".repeat(81), 2, false),
        ("é".repeat(160), 1, false),
        ("ç".repeat(70), 1, true),
        ("ç".repeat(71), 2, true),
        ("🎉".repeat(35), 1, true),
        ("🎉".repeat(36), 2, true),
        (String::new(), 1, false),
    ] {
        assert_eq!(segments(&text), Segments { count, unicode }, "{text}");
    }
}

#[sqlx::test]
async fn a_text_follows_an_email_that_did_not_reach_its_guest_and_not_after_a_reply(db: PgPool) {
    let (backend, host, event) = testing::planned(db, testing::event_form()).await;
    let mut ids = Vec::new();
    for (name, phone) in [
        ("Ada", "+447911123451"),
        ("Bo", "+447911123452"),
        ("Cy", "+447911123453"),
        ("Dee", ""),
        ("Eli", "+447911123455"),
    ] {
        let form = GuestForm {
            name: name.into(),
            email: format!("{name}@example.org"),
            phone: phone.into(),
            ..GuestForm::default()
        };
        ids.push(guests::actions::add(&backend, &host, event, &form).await.unwrap());
    }
    invitations::actions::issue(&backend, &host, event, &Selection::All).await.unwrap();
    testing::post(&backend).await;
    let sql = async |sql: &'static str| _ = sqlx::query(sql).execute(&backend.db).await.unwrap();
    sql("update notifications set state = 'bounced', bounce_type = 'hard' where recipient in ('Ada@example.org', 'Dee@example.org')").await;
    // Eli's email bounced, but he had unsubscribed.
    sql("update notifications set state = 'bounced' where recipient = 'Eli@example.org'").await;
    sql("insert into suppressions (address, reason, at) values ('eli@example.org', 'unsubscribed', now())").await;
    let at = async |time: &str| {
        backend.clock.set(time.parse::<DateTime<Utc>>().unwrap());
        send_due(&backend).await.unwrap()
    };
    assert_eq!(at("2027-01-01T12:30:00Z").await, 0, "nobody chose that");
    let form = SmsFallbackForm { after_bounce: true, after_days: true, days: "3".into() };
    set(&backend, &host, event, &form).await.unwrap();
    let fallback = sms_fallback(&backend, &host, event).await.unwrap();
    assert_eq!((fallback.most, fallback.segments), (4, Segments { count: 1, unicode: false }), "{}", fallback.sample);
    assert_eq!(at("2027-01-01T22:30:00Z").await, 0, "not at night");
    assert_eq!(at("2027-01-02T08:00:00Z").await, 1, "Ada's email bounced");
    assert_eq!(at("2027-01-02T08:05:00Z").await, 0, "one is enough");
    testing::post(&backend).await;
    let texts =
        testing::mails(&backend).await.into_iter().filter(|mail| mail.contains("sms.invalid")).collect::<Vec<_>>();
    assert!(texts.len() == 1 && texts[0].contains("+447911123451") && texts[0].contains("/i/"), "{texts:?}");
    // Bo answers, Cy does not open his: after three days a text is due to Cy alone.
    let token = testing::token(&backend, &host, event, ids[1]).await;
    let guest = invitations::queries::guest_of(&backend.db, &token).await.unwrap();
    let yes = AnswerForm { answer: "attending".into(), heads: "1".into(), ..AnswerForm::default() };
    rsvp::actions::answer(&backend, &guest, &yes).await.unwrap();
    assert_eq!(at("2027-01-04T11:00:00Z").await, 0);
    assert_eq!(at("2027-01-04T13:00:00Z").await, 1);
    // He answers before it leaves.
    let token = testing::token(&backend, &host, event, ids[2]).await;
    let guest = invitations::queries::guest_of(&backend.db, &token).await.unwrap();
    rsvp::actions::answer(&backend, &guest, &yes).await.unwrap();
    testing::post(&backend).await;
    let texts = testing::mails(&backend).await.into_iter().filter(|mail| mail.contains("sms.invalid")).count();
    assert_eq!(texts, 1, "no text after a reply");
}
