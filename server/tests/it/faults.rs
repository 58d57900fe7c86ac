//! Faults of Redis and PostgreSQL: what still works, and what people see.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, PgPool};
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

use crate::support::{
    Actor, App, InvitedGuest, PASSWORD, Response, Settings, Wire, eventually, eventually_within, pass,
};

/// Longest time until a 503, and until recovery after the service is back. Twice of what is promised, for busy machines.
const UNAVAILABLE: Duration = Duration::from_secs(2);
const RECOVERED: Duration = Duration::from_secs(10);

async fn redis_on(port: u16) -> Child {
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    eventually(async || TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
    child
}

async fn sign_in(app: &App) -> Response {
    let fields = [("form[email]", "ana@example.org"), ("form[password]", PASSWORD)];
    app.anonymous().fetch("/api/auth/sign-in", &fields).await
}

/// Hosts get a 503 with a `Retry-After`, soon.
async fn hosts_are_told_to_wait(app: &App, ana: &Actor) {
    for path in ["/api/auth/sign-in", "/dashboard", "/me", "/api/auth/sign-in", "/dashboard", "/me"] {
        // Long enough for the node to try the service again.
        pass(Duration::from_millis(1_100)).await;
        let begun = Instant::now();
        let refused = if path.starts_with("/api") { sign_in(app).await } else { ana.get(path).await };
        let took = begun.elapsed();
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "5"), "{path}: {}", refused.body);
        assert!(took < UNAVAILABLE, "{path}: {took:?}");
        println!("{path}: 503 within {took:?}");
    }
    assert_eq!(app.anonymous().get("/readyz").await.status, 503);
    assert_eq!(app.anonymous().get("/livez").await.status, 200);
}

async fn guests_can_reply(app: &App, link: &str) {
    let matilda = app.anonymous();
    matilda.get(link).await.ok();
    let replied = matilda.reply(link, &[("form[answer]", "attending"), ("form[heads]", "1")]).await;
    assert_eq!(replied.location(), link);
    assert!(matilda.get(link).await.ok().contains("re going!"));
}

/// Waits until hosts can sign in again.
async fn recovery(app: &App) {
    let begun = Instant::now();
    let recovered = async || sign_in(app).await.status == 200 && app.anonymous().get("/readyz").await.status == 200;
    eventually_within(RECOVERED, recovered).await;
    println!("recovered within {:?}", begun.elapsed());
}

#[apply(app_test)]
async fn while_redis_is_down_guests_can_reply_and_hosts_are_told_to_wait(db: PgPool) {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut redis = redis_on(port).await;
    let settings = Settings { redis_url: Some(format!("redis://127.0.0.1:{port}")), ..Settings::default() };
    let app = App::start_with(db, settings).await;
    let InvitedGuest { host: ana, link, .. } = app.invited_guest("Aunt Matilda").await;
    redis.kill().await.unwrap();
    guests_can_reply(&app, &link).await;
    hosts_are_told_to_wait(&app, &ana).await;

    let _redis = redis_on(port).await;
    recovery(&app).await;
    assert_eq!(ana.get("/dashboard").await.status, 303, "a Redis that lost its data only signs everybody out");
}

#[apply(app_test)]
async fn a_redis_that_does_not_respond_is_treated_as_down(db: PgPool) {
    let shared: url::Url = std::env::var("GG_REDIS_URL").unwrap().parse().unwrap();
    let mut wire = Wire::to(shared.socket_addrs(|| Some(6379)).unwrap()[0]).await;
    let settings = Settings { redis_url: Some(format!("redis://127.0.0.1:{}", wire.port)), ..Settings::default() };
    let app = App::start_with(db, settings).await;
    let InvitedGuest { host: ana, link, .. } = app.invited_guest("Aunt Matilda").await;
    wire.silence();
    guests_can_reply(&app, &link).await;
    hosts_are_told_to_wait(&app, &ana).await;
    wire.restore().await;
    recovery(&app).await;
    ana.get("/dashboard").await.ok();
}

#[apply(app_test)]
async fn while_postgresql_is_down_everybody_is_told_to_wait(db: PgPool) {
    let mut url = db.connect_options().to_url_lossy();
    let mut wire = Wire::to(url.socket_addrs(|| Some(5432)).unwrap()[0]).await;
    url.set_port(Some(wire.port)).unwrap();
    let app =
        App::start(server::connect::database(url.as_str(), server::config::DATABASE_CONNECTIONS).await.unwrap()).await;
    let InvitedGuest { host: ana, link, .. } = app.invited_guest("Aunt Matilda").await;
    wire.cut().await;
    hosts_are_told_to_wait(&app, &ana).await;
    let page = app.anonymous().get(&link).await;
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, "5"));
    let fields = [("token", link.trim_start_matches("/i/")), ("form[answer]", "maybe")];
    assert_eq!(app.anonymous().fetch("/api/rsvp/answer", &fields).await.status, 503);
    wire.restore().await;
    recovery(&app).await;
    ana.get("/dashboard").await.ok();
    guests_can_reply(&app, &link).await;
}
