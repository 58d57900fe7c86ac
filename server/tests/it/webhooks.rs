//! Provider webhooks: signed with the providers' packages, applied once, in any order.

use guestguard::{clock::Clock, ids::EventId, notifications::reference::Reference};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Actor, Amazon, App, Settings, sign};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OLD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:mail";

fn now() -> i64 {
    Clock::System.now().timestamp()
}

/// A new host with an event whose guest Ada was invited by email, and the reference of that email.
async fn invited(app: &App) -> (Actor, EventId, Reference) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <Ada@example.org>").await;
    ana.invite_all(event).await;
    app.work().await;
    let (host, id) = app.outbox().invitation().await;
    (ana, event, Reference { host, id })
}

async fn state(app: &App) -> String {
    app.outbox().invitation_state().await
}

fn resend_event(kind: &str, reference: &Reference, more: Value) -> String {
    let mut data = json!({ "email_id": "e-1", "tags": { "reference": reference.to_string() } });
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    json!({ "type": kind, "created_at": "2026-11-24T10:00:00.000Z", "data": data }).to_string()
}

#[apply(app_test)]
async fn resend_events(db: PgPool) {
    let providers = vec![("GG_RESEND_WEBHOOK_SECRETS", format!("{SECRET},{OLD_SECRET}"))];
    let app = App::start_with(db, Settings { providers, ..Settings::default() }).await;
    let url = format!("http://{}/webhooks/resend", app.address);
    let (ana, event, reference) = invited(&app).await;
    let webhook = |id: &str, secret: &str, body: String| json!({ "scheme": "resend", "secret": secret, "id": id, "time": now(), "body": body });
    let bounce = json!({ "bounce": { "type": "Permanent", "subType": "General", "message": "no such mailbox" } });
    let signed = sign(&[
        webhook("m1", SECRET, resend_event("email.delivered", &reference, Value::Null)),
        webhook("m2", OLD_SECRET, resend_event("email.opened", &reference, Value::Null)),
        webhook("m3", SECRET, resend_event("email.bounced", &reference, bounce)),
        webhook("m4", SECRET, resend_event("email.sent", &reference, Value::Null)),
        webhook("m5", SECRET, resend_event("domain.updated", &reference, Value::Null)),
        webhook(
            "m6",
            "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            resend_event("email.complained", &reference, Value::Null),
        ),
        webhook("m7", SECRET, "no event".to_owned()),
    ]);
    assert_eq!(signed[0].post(&url).await, 200);
    assert_eq!(state(&app).await, "delivered");
    assert_eq!(signed[1].post(&url).await, 200, "the secret that is being replaced counts too");
    assert_eq!(app.outbox().opened().await, 1);
    for _ in 0..3 {
        assert_eq!(signed[2].post(&url).await, 200, "a repeat is accepted and changes nothing");
    }
    assert_eq!(signed[3].post(&url).await, 200);
    assert_eq!(state(&app).await, "bounced", "an older event changes nothing");
    assert_eq!(app.delivery_events("bounced").await, 1);
    assert_eq!(signed[4].post(&url).await, 200, "an event without effect is stored");
    assert_eq!(app.webhook_events_of("resend").await, 5);
    assert_eq!(signed[5].post(&url).await, 400, "another secret");
    assert_eq!(signed[6].post(&url).await, 400);
    assert_eq!(signed[0].with(&signed[0].body.replace("delivered", "complained")).post(&url).await, 400);
    assert_eq!(app.suppressed_addresses("hard-bounce").await, ["ada@example.org"]);
    let list = ana.get(&format!("/dashboard/events/{event}/guests")).await.ok();
    assert!(list.contains("no such mailbox"), "{list}");
}

#[apply(app_test)]
async fn twilio_status_changes_delivery_state(db: PgPool) {
    let providers = vec![
        ("GG_TWILIO_ACCOUNT_SID", "AC1".into()),
        ("GG_TWILIO_AUTH_TOKENS", "new-token,old-token".into()),
        ("GG_TWILIO_FROM", "+15005550006".into()),
    ];
    let app = App::start_with(db, Settings { providers, ..Settings::default() }).await;
    let (_, _, reference) = invited(&app).await;
    let url = format!("http://{}/webhooks/twilio?reference={reference}", app.address);
    let webhook = |token: &str, status: &str, code: &str| {
        let fields = json!({ "MessageSid": "SM1", "MessageStatus": status, "ErrorCode": code, "To": "+447911123456" });
        json!({ "scheme": "twilio", "token": token, "url": url, "fields": fields })
    };
    let signed = sign(&[
        webhook("new-token", "delivered", ""),
        webhook("old-token", "sent", ""),
        webhook("wrong-token", "undelivered", "30005"),
        webhook("new-token", "undelivered", "30005"),
    ]);
    assert_eq!(signed[0].post(&url).await, 200);
    assert_eq!(state(&app).await, "delivered");
    assert_eq!(signed[1].post(&url).await, 200);
    assert_eq!(state(&app).await, "delivered", "never backwards");
    assert_eq!(signed[2].post(&url).await, 403);
    assert_eq!(signed[0].post(&url.replace("twilio?", "twilio?x=1&")).await, 403, "the address is signed");
    assert_eq!(state(&app).await, "delivered");
    assert_eq!(signed[3].post(&url).await, 200);
    assert_eq!(state(&app).await, "bounced");
    assert_eq!(app.webhook_events_of("twilio").await, 3);
    assert_eq!(app.webhook_events_with("7911").await, 0);
}

fn sns(kind: &str, message: &str) -> Value {
    let time = chrono::DateTime::from_timestamp(now(), 0).unwrap().format("%Y-%m-%dT%H:%M:%S.000Z");
    json!({
        "Type": kind,
        "MessageId": uuid::Uuid::now_v7(),
        "TopicArn": TOPIC,
        "Message": message,
        "Timestamp": time.to_string(),
        "SignatureVersion": "2",
        "SigningCertURL":
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
        "Token": "t-1",
        "SubscribeURL": "http://127.0.0.1:9/never",
    })
}

#[apply(app_test)]
async fn ses_bounce_through_sns_adds_a_suppression(db: PgPool) {
    let amazon = Amazon::start("post@guests.example").await;
    amazon.call("sns", "Action=CreateTopic&Name=mail".into()).await.unwrap();
    let app = App::start_with(db, Settings { providers: amazon.settings(), ..Settings::default() }).await;
    let (_, _, reference) = invited(&app).await;
    let url = format!("http://{}/webhooks/ses", app.address);
    let accepted = amazon.emails().await;
    assert_eq!(accepted.len(), 1, "SES has the invitation: {accepted:?}");
    assert!(accepted[0].to_string().contains("List-Unsubscribe: <http"), "{}", accepted[0]);
    assert_eq!(app.outbox().accepted_by("ses").await, 1);
    let bounce = json!({
        "eventType": "Bounce",
        "mail": {
            "timestamp": "2026-11-24T10:00:00.000Z",
            "messageId": "m-1",
            "tags": { "reference": [reference.to_string()] },
        },
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "timestamp": "2026-11-24T10:00:01.000Z",
            "bouncedRecipients": [{ "emailAddress": "ada@example.org", "diagnosticCode": "smtp; 550 5.1.1 unknown" }],
        },
    });
    let messages =
        [sns("SubscriptionConfirmation", "You are asked to confirm"), sns("Notification", &bounce.to_string())];
    let signed = sign(&messages.map(|message| json!({ "scheme": "sns", "message": message })));
    app.certificates.set(&signed[0].pem);
    assert_eq!(signed[0].post(&url).await, 200, "confirmed by the API, not by opening the address");
    assert_eq!(signed[1].with(&signed[1].body.replace("Permanent", "Transient")).post(&url).await, 400);
    for _ in 0..2 {
        assert_eq!(signed[1].post(&url).await, 200);
    }
    assert_eq!(state(&app).await, "bounced");
    assert_eq!((app.suppressions_for("hard-bounce").await, app.global_suppressions().await), (1, 1));
    assert_eq!(app.webhook_events_of("ses").await, 1);
    assert_eq!(app.certificates.fetches(), 1, "cached after the first time");
}

#[apply(app_test)]
async fn a_message_that_sns_would_not_send_is_rejected_before_anything_is_fetched(db: PgPool) {
    let providers = vec![
        ("GG_SES_REGION", "us-east-1".into()),
        ("GG_SES_ACCESS_KEY_ID", "test".into()),
        ("GG_SES_SECRET_ACCESS_KEY", "test".into()),
        ("GG_SES_TOPICS", TOPIC.into()),
    ];
    let app = App::start_with(db, Settings { providers, ..Settings::default() }).await;
    let url = format!("http://{}/webhooks/ses", app.address);
    let trap = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = trap.local_addr().unwrap();
    let file = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
    let mut messages = Vec::new();
    for address in [
        format!("http://{at}/{file}"),
        format!("https://{at}/{file}"),
        format!("http://sns.us-east-1.amazonaws.com/{file}"),
        format!("https://sns.us-east-1.amazonaws.com.evil.test/{file}"),
        format!("https://sns.us-east-1.amazonaws.com@{at}/{file}"),
        format!("https://sns.s3-us-west-2.amazonaws.com/{file}"),
        format!("https://sns.us-east-1.amazonaws.com:8443/{file}"),
        format!("https://sns.eu-west-1.amazonaws.com/{file}"),
        format!("https://sns.us-east-1.amazonaws.com./{file}"),
        format!("https://sns.us-east-1.amazonaws.com/{}", file.to_uppercase()),
        format!("https://sns.us-east-1.amazonaws.com/%2e/{file}"),
        format!("https://[::ffff:127.0.0.1]/{file}"),
    ] {
        let mut message = sns("Notification", "{}");
        message["SigningCertURL"] = address.into();
        messages.push(message);
    }
    let mut foreign = sns("Notification", "{}");
    foreign["TopicArn"] = "arn:aws:sns:us-east-1:999999999999:mail".into();
    let mut old = sns("Notification", "{}");
    old["Timestamp"] = "2026-01-01T00:00:00.000Z".into();
    messages.extend([foreign, old]);
    let requests: Vec<Value> =
        messages.into_iter().map(|message| json!({ "scheme": "sns", "message": message })).collect();
    for signed in sign(&requests) {
        assert_eq!(signed.post(&url).await, 400, "{}", signed.body);
    }
    assert_eq!(app.certificates.fetches(), 0);
    let caught = tokio::time::timeout(std::time::Duration::from_millis(300), trap.accept()).await;
    assert!(caught.is_err(), "nobody connected to the trap");
    let large = sign(&[json!({ "scheme": "sns", "message": sns("Notification", &"x".repeat(257 * 1024)) })]);
    assert_eq!(large[0].post(&url).await, 400);
}

#[apply(app_test)]
async fn the_page_of_messages_lists_problems_first_with_a_remedy(app: App) {
    let (ana, event, reference) = invited(&app).await;
    let page = format!("/dashboard/events/{event}/messages");
    let calm = ana.get(&page).await.ok();
    assert!(
        calm.contains("Ada@example.org")
            && calm.contains("Sent to the provider")
            && !calm.contains("Not delivered (1)")
    );
    app.outbox().bounce(reference.id, "550 5.1.1 who?").await;
    app.suppress("ada@example.org", "hard-bounce").await;
    let trouble = ana.get(&page).await.ok();
    assert!(
        trouble.contains("Not delivered (1)")
            && trouble.contains("550 5.1.1 who?")
            && trouble.contains("Update and resend")
    );

    let guest = ana.guests(event, "").await[0].to_string();
    let correct = async |email: &str| {
        let id = event.to_string();
        let fields = [("event", &*id), ("guest", &*guest), ("form[address]", email)];
        ana.post_and_follow("/api/notifications/correct", &page, &fields).await.ok()
    };
    assert!(correct("ada@example").await.contains("such as"));
    assert!(correct("ada@example.org").await.contains("an email to it bounced"), "the old address stays suppressed");
    assert!(correct("ada.right@example.org").await.contains("Invitation resent."));
    app.work().await;
    assert_eq!(app.emails("ada.right@example.org").await.len(), 1);
    assert!(!ana.get(&page).await.ok().contains("Not delivered ("), "the newer message counts");
}
