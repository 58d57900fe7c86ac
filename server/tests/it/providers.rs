//! Providers that are spoken to over HTTP, as their documentation says; a peer that plays them writes down what it gets.

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

/// A request as it came.
#[derive(Clone, Debug)]
struct Asked {
    path: String,
    headers: HeaderMap,
    body: String,
}

/// An answer: status, `Retry-After`, body.
type Answer = (u16, Option<&'static str>, Value);

#[derive(Clone, Default)]
struct Peer {
    asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    url: String,
}

impl Peer {
    /// Gives these answers, one after the other, and then says that all is well.
    async fn start(answers: Vec<Answer>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let peer = Self { url, answers: Arc::new(Mutex::new(answers.into())), ..Self::default() };
        let router = Router::new().fallback(answer).with_state(peer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        peer
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(peer): State<Peer>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    peer.asked.lock().unwrap().push(Asked { path: uri.path().to_owned(), headers, body });
    let next = peer.answers.lock().unwrap().pop_front();
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
        // The first in the order wins.
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

async fn again(app: &App) {
    app.outbox().make_due().await;
    worker::drain(&app.backend).await.unwrap();
}

#[apply(app_test)]
async fn resend_gets_one_mail_with_a_key_that_tells_repeats_apart(db: PgPool) {
    let peer = Peer::start(vec![(503, None, json!({})), (200, None, json!({ "id": "e-1" }))]).await;
    let app = App::start_with(db, resend(&peer)).await;
    let ana = app.host("Ana").await;
    invite(&app, &ana, "Ada <ada@example.org>").await;
    assert_eq!(app.outbox().attempted("queued", 1).await, 1);
    again(&app).await;
    let asked = peer.asked();
    assert_eq!(asked.len(), 2);
    let [first, second] = &*asked else { panic!("{asked:?}") };
    assert_eq!((&*first.path, &first.headers["authorization"]), ("/emails", &"Bearer re_key".parse().unwrap()));
    assert_eq!(first.headers["idempotency-key"], second.headers["idempotency-key"]);
    assert_eq!(first.body, second.body, "the same key stands for the same mail");
    let mail: Value = serde_json::from_str(&second.body).unwrap();
    assert_eq!(mail["from"], "Ana <post@guests.example>");
    assert_eq!((&mail["to"], &mail["reply_to"]), (&json!(["Ada <ada@example.org>"]), &json!(["ana@example.org"])));
    assert!(mail["headers"]["List-Unsubscribe"].as_str().unwrap().starts_with("<http"));
    assert_eq!(mail["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    assert!(mail["text"].as_str().unwrap().contains("/i/") && mail["html"].as_str().unwrap().contains("/i/"));
    assert_eq!(mail["tags"][0]["name"], "reference");
    assert_eq!(app.outbox().sent_under("resend", "e-1").await, 1);
}

#[apply(app_test)]
async fn a_pause_that_resend_asks_for_holds_for_everybody_and_costs_no_tries(db: PgPool) {
    let peer =
        Peer::start(vec![(429, Some("120"), json!({ "name": "rate_limit_exceeded", "message": "slower" }))]).await;
    let app = App::start_with(db, resend(&peer)).await;
    let ana = app.host("Ana").await;
    invite(&app, &ana, "Ada <ada@example.org>").await;
    invite(&app, &ana, "Bo <bo@example.org>").await;
    again(&app).await;
    assert_eq!(peer.asked().len(), 1, "nobody knocks before the time is over");
    assert_eq!(app.outbox().attempts_at_guests().await, 1);
    app.backend.transports.reset_breakers();
    again(&app).await;
    assert_eq!(app.outbox().in_state("sent").await, 2);
}

#[apply(app_test)]
async fn what_resend_refuses_is_final_and_a_wrong_key_is_not(db: PgPool) {
    let refusal = |status, name: &str| (status, None, json!({ "name": name, "message": "because" }));
    let peer = Peer::start(vec![
        refusal(422, "validation_error"),
        refusal(409, "invalid_idempotent_request"),
        refusal(409, "concurrent_idempotent_requests"),
        refusal(401, "missing_api_key"),
    ])
    .await;
    let app = App::start_with(db, resend(&peer)).await;
    let ana = app.host("Ana").await;
    for (name, state) in [("Ada", "failed"), ("Bo", "sent"), ("Cy", "queued"), ("Dee", "queued")] {
        invite(&app, &ana, &format!("{name} <{name}@example.org>")).await;
        assert_eq!(app.outbox().state_for(name).await, state, "{name}");
    }
    assert_eq!(app.suppressions().await, 0, "none of it speaks of an address");
}

#[apply(app_test)]
async fn twilio_gets_text_messages_and_its_words_about_numbers_are_believed(db: PgPool) {
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
    let asked = peer.asked().remove(0);
    assert_eq!(asked.path, "/2010-04-01/Accounts/AC1/Messages.json");
    assert!(asked.headers["authorization"].to_str().unwrap().starts_with("Basic "));
    let fields: Vec<(String, String)> = form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone()).unwrap();
    assert_eq!((field("To"), field("MessagingServiceSid")), ("+447911123451".into(), "MG7".into()));
    assert!(field("Body").contains("/i/"));
    assert!(field("StatusCallback").contains("/webhooks/twilio?reference="));
    assert_eq!(app.suppressions_for("hard-bounce").await, 1);
    assert_eq!(app.suppressions_for("unsubscribed").await, 1);
}

#[apply(app_test)]
async fn a_provider_that_is_away_is_left_alone_after_five_calls(db: PgPool) {
    let peer = Peer::start(vec![(500, None, json!({})); 40]).await;
    let app = App::start_with(db, resend(&peer)).await;
    let ana = app.host("Ana").await;
    let guests: String = (0..30).map(|n| format!("Guest {n} <guest{n}@example.org>\n")).collect();
    invite(&app, &ana, &guests).await;
    // Those that were on their way with the fifth are told, too: ten of one host at most.
    let asked = peer.asked().len();
    assert!((5..=14).contains(&asked), "{asked} calls");
    again(&app).await;
    assert_eq!(peer.asked().len(), asked);
    assert!(app.outbox().untried().await >= 16, "what waits loses no try");
}
