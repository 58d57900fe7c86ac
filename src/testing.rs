//! Test support: a backend on a test database, with a clock that tests set.

use chrono::{DateTime, TimeDelta, Utc};
use fred::prelude::*;
use sqlx::PgPool;
use transports::{DevOutbox, Provider, Transports};

use crate::{
    actors::{Guest, Host},
    auth::{self, Purpose, SignInForm, SignUpForm, jobs::HandleAccountEvent},
    backend::Backend,
    clock::Clock,
    error::{Error, Result},
    events::{self, EventForm},
    guests::{self, GuestForm},
    ids::{EventId, GuestId},
    invitations::{
        self, Device, Selection, Token,
        accesses::{self, Access},
    },
    links::Links,
    live::Live,
    maintenance::Maintenance,
    notifications::worker,
    payments::Billing,
    plan::Tier,
    problem::Problem,
    rate_limits::{Rate, RateLimits},
    redis::Redis,
    rsvp::{self, AnswerForm},
    secrets::{Secrets, random_token},
};

/// Noon of the first day of the year in which the tests play.
pub fn start() -> DateTime<Utc> {
    "2027-01-01T12:00:00Z".parse().unwrap()
}

/// The Redis that all tests share; nothing in it is found by a key that another test could have.
pub async fn redis() -> Redis {
    let url = std::env::var("GG_REDIS_URL").expect("GG_REDIS_URL must be set; `bin/services env` prints it");
    let pool = Builder::from_config(Config::from_url(&url).unwrap()).build_pool(1).unwrap();
    pool.init().await.unwrap();
    Redis::new(pool)
}

/// A backend on the test's own database, with email into a fresh folder and a clock that moves at each reading.
pub async fn backend(db: PgPool) -> Backend {
    crate::queue::migrate(&db).await.unwrap();
    let redis = redis().await;
    let outbox = std::env::temp_dir().join("guestguard-tests").join(uuid::Uuid::now_v7().to_string());
    let secrets = Secrets::from_key(&random_token().unwrap()).unwrap();
    Backend {
        db,
        clock: Clock::advancing(start()),
        secrets: secrets.clone(),
        live: Live::new(redis.clone()),
        redis: redis.clone(),
        rate_limits: RateLimits::new(redis, secrets, |_| Rate { calls: 100_000, seconds: 60 }),
        transports: Transports::new(
            "GuestGuard <post@guests.example>".parse().unwrap(),
            Provider::DevOutbox(DevOutbox::new(outbox.clone())),
            Some(Provider::DevOutbox(DevOutbox::new(outbox))),
        ),
        warm_up: false,
        links: Links::new("https://guests.example".parse().unwrap()),
        billing: Billing::new(Tier::Business, 7, None),
        maintenance: Maintenance::default(),
    }
}

/// A backend whose clock stands still, for tests of an exact moment.
pub async fn stopped(db: PgPool) -> Backend {
    let backend = backend(db).await;
    Backend { clock: backend.clock.stopped(), ..backend }
}

pub const PASSWORD: &str = "correct horse battery";

/// A host who has proven their address and is signed in.
pub async fn host(backend: &Backend, name: &str) -> Host {
    let email = format!("{}@example.org", name.to_lowercase());
    let form =
        SignUpForm { name: name.into(), email: email.clone(), password: PASSWORD.into(), accepted: "true".into() };
    auth::actions::sign_up(backend, &form, "Firefox on Linux").await.unwrap();
    handle_account_events(backend, &email).await;
    let token = account_token(backend, &email, Purpose::Verify).await;
    auth::actions::verify(backend, &token, "Firefox on Linux").await.unwrap();
    // The mail is read; what a test finds in the outbox is its own.
    sqlx::query("delete from notifications where recipient = $1 and kind = 'verify'")
        .bind(&email)
        .execute(&backend.db)
        .await
        .unwrap();
    signed_in(backend, &email, PASSWORD).await.unwrap()
}

pub async fn signed_in(backend: &Backend, email: &str, password: &str) -> Result<Host> {
    let form = SignInForm { email: email.into(), password: password.into() };
    let session = auth::actions::sign_in(backend, &form, "Firefox on Linux").await?;
    Ok(auth::queries::signed_in(backend, session).await?.expect("a session that was just begun"))
}

/// Handles the queued account events of an address, as the worker does; returns their number.
pub async fn handle_account_events(backend: &Backend, email: &str) -> usize {
    let jobs: Vec<(i64, serde_json::Value)> = sqlx::query_as(
        "delete from graphile_worker._private_jobs where payload ->> 'email' = $1 returning id, payload",
    )
    .bind(email)
    .fetch_all(&backend.db)
    .await
    .unwrap();
    for (_, payload) in &jobs {
        let job: HandleAccountEvent = serde_json::from_value(payload.clone()).unwrap();
        auth::actions::handle_account_event(backend, job.event, &job.email, &job.device).await.unwrap();
    }
    jobs.len()
}

/// The newest link of that purpose to an address, as its mail will carry it.
pub async fn account_token(backend: &Backend, email: &str, purpose: Purpose) -> Token {
    let (id, sealed): (uuid::Uuid, Vec<u8>) = sqlx::query_as(
        "select id, token_sealed from account_tokens
        where lower(email) = lower($1) and purpose = $2 and token_sealed is not null order by id desc limit 1",
    )
    .bind(email)
    .bind(purpose)
    .fetch_one(&backend.db)
    .await
    .unwrap();
    Token(backend.secrets.open(&sealed, id).unwrap())
}

/// An event 30 days after the start, for up to four people a guest.
pub fn event_form() -> EventForm {
    EventForm {
        title: "Midwinter dinner".into(),
        starts: (start() + TimeDelta::days(30)).format("%Y-%m-%dT%H:%M").to_string(),
        time_zone: "Europe/Berlin".into(),
        party_size: "4".into(),
        ..EventForm::default()
    }
}

/// A backend with the host Ana and her event.
pub async fn planned(db: PgPool, form: EventForm) -> (Backend, Host, EventId) {
    planned_on(backend(db).await, form).await
}

/// The host Ana and her event on `backend`.
pub async fn planned_on(backend: Backend, form: EventForm) -> (Backend, Host, EventId) {
    let host = host(&backend, "Ana").await;
    let event = event(&backend, &host, form).await;
    (backend, host, event)
}

/// The problem that a verb was refused with.
pub fn problem<T: std::fmt::Debug>(result: Result<T>) -> Problem {
    match result {
        Err(Error::Problem(problem)) => problem,
        other => panic!("must be refused: {other:?}"),
    }
}

pub async fn event(backend: &Backend, host: &Host, form: EventForm) -> EventId {
    events::actions::create(backend, host, &form).await.unwrap()
}

pub async fn guest(backend: &Backend, host: &Host, event: EventId, name: &str, email: &str) -> GuestId {
    let form = GuestForm { name: name.into(), email: email.into(), ..GuestForm::default() };
    guests::actions::add(backend, host, event, &form).await.unwrap()
}

pub async fn invite(backend: &Backend, host: &Host, event: EventId, guest: GuestId) -> (Guest, Token) {
    invitations::actions::issue(backend, host, event, &Selection::Only(vec![guest])).await.unwrap();
    let token = token(backend, host, event, guest).await;
    (invitations::queries::guest_of(&backend.db, &token).await.unwrap(), token)
}

pub async fn token(backend: &Backend, host: &Host, event: EventId, guest: GuestId) -> Token {
    let link = invitations::queries::link(backend, host, event, guest).await.unwrap();
    Token(link.rsplit('/').next().unwrap().to_owned())
}

/// Sends what is due; returns how much it was.
pub async fn post(backend: &Backend) -> usize {
    worker::drain(backend).await.unwrap()
}

/// The messages in the outbox folder, as text.
pub async fn mails(backend: &Backend) -> Vec<String> {
    let outbox = backend.transports.dev_outbox().unwrap();
    let mut mails = Vec::new();
    for name in outbox.list().await.unwrap() {
        let mail = outbox.read(&name).await.unwrap().unwrap();
        mails.push(String::from_utf8(mail).unwrap());
    }
    mails
}

/// Opens a guest's link.
pub async fn open(backend: &Backend, guest: &Guest, device: Device) -> Result<()> {
    accesses::write(backend, &mut vec![Access::now(backend, guest, device, Some(&[10, 0, 0]))?]).await
}

/// A host with an event to which one guest is coming, one is invited and one is not, by the machine's clock.
pub async fn seed(backend: &Backend) {
    let email = "ana@example.org";
    let form =
        SignUpForm { name: "Ana".into(), email: email.into(), password: PASSWORD.into(), accepted: "true".into() };
    auth::actions::sign_up_verified(backend, &form).await.unwrap();
    let host = signed_in(backend, email, PASSWORD).await.unwrap();
    let form = EventForm { starts: "2099-06-20T18:30".into(), capacity: "40".into(), ..event_form() };
    let event = event(backend, &host, form).await;
    let ada = guest(backend, &host, event, "Ada", "ada@example.org").await;
    let grace = guest(backend, &host, event, "Grace", "grace@example.org").await;
    guest(backend, &host, event, "Aunt Matilda", "").await;
    let (ada, _) = invite(backend, &host, event, ada).await;
    invite(backend, &host, event, grace).await;
    open(backend, &ada, Device::Phone).await.unwrap();
    let form = AnswerForm { answer: "attending".into(), heads: "2".into(), ..AnswerForm::default() };
    rsvp::actions::answer(backend, &ada, &form).await.unwrap();
}
