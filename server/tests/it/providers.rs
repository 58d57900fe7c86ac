//! Providers with an HTTP API: Resend and Twilio. A fake one records the requests.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use guestguard::notifications::worker;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Actor, App, Settings};

/// A recorded request.
#[derive(Clone, Debug)]
struct Recorded {
    path: String,
    headers: HeaderMap,
    body: String,
}

/// A response: status, `Retry-After`, body.
type Canned = (u16, Option<&'static str>, Value);

#[derive(Clone, Default)]
struct Peer {
    recorded: Arc<Mutex<Vec<Recorded>>>,
    responses: Arc<Mutex<VecDeque<Canned>>>,
    url: String,
}

impl Peer {
    /// Gives these responses in turn, and 200 afterwards.
    async fn start(responses: Vec<Canned>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let peer = Self { url, responses: Arc::new(Mutex::new(responses.into())), ..Self::default() };
        let router = Router::new().fallback(respond).with_state(peer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        peer
    }

    fn requests(&self) -> Vec<Recorded> {
        self.recorded.lock().unwrap().clone()
    }
}

async fn respond(State(peer): State<Peer>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    peer.recorded.lock().unwrap().push(Recorded { path: uri.path().to_owned(), headers, body });
    let next = peer.responses.lock().unwrap().pop_front();
    let (status, pause, body) = next.unwrap_or((200, None, json!({ "id": "e-9", "sid": "SM9" })));
    let mut response = (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response();
    if let Some(pause) = pause {
        response.headers_mut().insert("retry-after", pause.parse().unwrap());
    }
    response
}

fn resend(peer: &Peer) -> Settings {
    let providers = vec![
        ("GG_RESEND_API_KEY", "re_key".into()),
        ("GG_RESEND_URL", peer.url.clone()),
        // Resend has priority over SMTP.
        ("GG_SMTP_URL", "smtp://127.0.0.1:9".into()),
    ];
    Settings { providers, ..Settings::default() }
}

async fn invite(app: &App, host: &Actor, guests: &str) {
    let event = host.plan(&[]).await;
    host.paste(event, guests).await;
    host.invite_all(event).await;
    app.work().await;
}

async fn send_again(app: &App) {
    app.outbox().make_due().await;
    worker::drain(&app.backend).await.unwrap();
}

#[apply(app_test)]
async fn resend_gets_one_email_with_an_idempotency_key(db: PgPool) {
    let peer = Peer::start(vec![(503, None, json!({})), (200, None, json!({ "id": "e-1" }))]).await;
    let app = App::start_with(db, resend(&peer)).await;
    let ana = app.host("Ana").await;
    invite(&app, &ana, "Ada <ada@example.org>").await;
    assert_eq!(app.outbox().attempted("queued", 1).await, 1);
    send_again(&app).await;
    let requests = peer.requests();
    assert_eq!(requests.len(), 2);
    let [first, second] = &*requests else { panic!("{requests:?}") };
    assert_eq!((&*first.path, &first.headers["authorization"]), ("/emails", &"Bearer re_key".parse().unwrap()));
    assert_eq!(first.headers["idempotency-key"], second.headers["idempotency-key"]);
    assert_eq!(first.body, second.body, "the same key means the same email");
    let email: Value = serde_json::from_str(&second.body).unwrap();
    assert_eq!(email["from"], "Ana <post@guests.example>");
    assert_eq!((&email["to"], &email["reply_to"]), (&json!(["Ada <ada@example.org>"]), &json!(["ana@example.org"])));
    assert!(email["headers"]["List-Unsubscribe"].as_str().unwrap().starts_with("<http"));
    assert_eq!(email["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    assert!(email["text"].as_str().unwrap().contains("/i/") && email["html"].as_str().unwrap().contains("/i/"));
    assert_eq!(email["tags"][0]["name"], "reference");
    assert_eq!(app.outbox().sent_under("resend", "e-1").await, 1);
}

#[apply(app_test)]
async fn a_retry_after_of_resend_holds_for_all_messages_and_costs_no_attempts(db: PgPool) {
    let peer =
        Peer::start(vec![(429, Some("120"), json!({ "name": "rate_limit_exceeded", "message": "slower" }))]).await;
    let app = App::start_with(db, resend(&peer)).await;
    let ana = app.host("Ana").await;
    invite(&app, &ana, "Ada <ada@example.org>").await;
    invite(&app, &ana, "Bo <bo@example.org>").await;
    send_again(&app).await;
    assert_eq!(peer.requests().len(), 1, "nothing is sent before the time is over");
    assert_eq!(app.outbox().attempts_at_guests().await, 1);
    app.backend.transports.email().record(None, app.backend.clock.now());
    send_again(&app).await;
    assert_eq!(app.outbox().in_state("sent").await, 2);
}

#[apply(app_test)]
async fn a_rejection_by_resend_is_final_and_a_wrong_key_is_not(db: PgPool) {
    let rejection = |status, name: &str| (status, None, json!({ "name": name, "message": "because" }));
    let peer = Peer::start(vec![
        rejection(422, "validation_error"),
        rejection(409, "invalid_idempotent_request"),
        rejection(409, "concurrent_idempotent_requests"),
        rejection(401, "missing_api_key"),
    ])
    .await;
    let app = App::start_with(db, resend(&peer)).await;
    let ana = app.host("Ana").await;
    for (name, state) in [("Ada", "failed"), ("Bo", "sent"), ("Cy", "queued"), ("Dee", "queued")] {
        invite(&app, &ana, &format!("{name} <{name}@example.org>")).await;
        assert_eq!(app.outbox().state_for(name).await, state, "{name}");
    }
    assert_eq!(app.suppressions().await, 0, "no error is about an address");
}

#[apply(app_test)]
async fn twilio_gets_text_messages_and_its_errors_about_numbers_are_applied(db: PgPool) {
    let peer = Peer::start(vec![
        (201, None, json!({ "sid": "SM1" })),
        (400, None, json!({ "code": 21211, "message": "not a number" })),
        (400, None, json!({ "code": 21610, "message": "they answered STOP" })),
        (400, None, json!({ "code": 21408, "message": "no permission for the region" })),
    ])
    .await;
    let providers = vec![
        ("GG_TWILIO_ACCOUNT_SID", "AC1".into()),
        ("GG_TWILIO_AUTH_TOKENS", "token".into()),
        ("GG_TWILIO_FROM", "MG7".into()),
        ("GG_TWILIO_URL", peer.url.clone()),
    ];
    let app = App::start_with(db, Settings { providers, ..Settings::default() }).await;
    let ana = app.host("Ana").await;
    for (n, state) in [(1, "sent"), (2, "bounced"), (3, "suppressed"), (4, "failed")] {
        let event = ana.plan(&[]).await;
        ana.paste(event, &format!("Guest <guest{n}@example.org>")).await;
        ana.invite_all(event).await;
        let phone = format!("+44791112345{n}");
        app.outbox().redirect_to_phone(&phone).await;
        app.work().await;
        assert_eq!(app.outbox().state_to(&phone).await, state, "{n}");
    }
    let requests = peer.requests().remove(0);
    assert_eq!(requests.path, "/2010-04-01/Accounts/AC1/Messages.json");
    assert!(requests.headers["authorization"].to_str().unwrap().starts_with("Basic "));
    let fields: Vec<(String, String)> = form_urlencoded::parse(requests.body.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone()).unwrap();
    assert_eq!((field("To"), field("MessagingServiceSid")), ("+447911123451".into(), "MG7".into()));
    assert!(field("Body").contains("/i/"));
    assert!(field("StatusCallback").contains("/webhooks/twilio?reference="));
    assert_eq!(app.suppressions_for("hard-bounce").await, 1);
    assert_eq!(app.suppressions_for("unsubscribed").await, 1);
}

#[apply(app_test)]
async fn after_five_failed_calls_a_provider_is_not_called(db: PgPool) {
    let peer = Peer::start(vec![(500, None, json!({})); 40]).await;
    let app = App::start_with(db, resend(&peer)).await;
    let ana = app.host("Ana").await;
    let guests: String = (0..30).map(|n| format!("Guest {n} <guest{n}@example.org>\n")).collect();
    invite(&app, &ana, &guests).await;
    // At most ten messages of one host are in flight. Those beside the fifth are counted, too.
    let requests = peer.requests().len();
    assert!((5..=14).contains(&requests), "{requests} calls");
    send_again(&app).await;
    assert_eq!(peer.requests().len(), requests);
    assert!(app.outbox().untried().await >= 16, "waiting messages lose no attempt");
}
