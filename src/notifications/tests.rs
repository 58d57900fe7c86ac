use sqlx::PgPool;

use crate::{
    auth::Host,
    backend::Backend,
    events::{self, EventForm},
    guests,
    ids::{EventId, GuestId},
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
    assert_eq!(mail.subject(), Some("Ana invites you: Midwinter dinner"));
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
async fn a_message_that_lost_its_reason_is_not_sent(db: PgPool) {
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
async fn resending_replaces_what_still_waits(db: PgPool) {
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
