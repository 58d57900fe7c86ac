//! Maintenance mode: a closed site responds with 503 and writes nothing.

use std::{process::Stdio, time::Duration};

use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::support::{
    App, InvitedGuest, Settings, eventually,
    node::{binary, free_address, ready, redis, url},
};

/// A Redis database of this test: the other tests must stay open.
fn own_redis() -> String {
    format!("{}/9", redis())
}

async fn switch(db: &PgPool, command: &str) -> String {
    let output = binary(&url(db), &own_redis(), &["maintenance", command]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[apply(app_test)]
async fn a_closed_site_responds_with_a_friendly_503_and_writes_nothing(db: PgPool) {
    // An earlier run may have been interrupted.
    switch(&db, "off").await;
    let app = App::start_with(db.clone(), Settings { redis_url: Some(own_redis()), ..Settings::default() }).await;
    let InvitedGuest { host: ana, link, .. } = app.invited_guest("Grace Hopper").await;
    let mut worker = binary(&url(&db), &own_redis(), &["work"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(worker.stderr.take().unwrap()).lines();
    while !log.next_line().await.unwrap().expect("the worker starts").contains("working") {}

    assert!(switch(&db, "on").await.contains("All nodes follow within two seconds"));
    assert!(switch(&db, "status").await.contains("Closed"));
    tokio::time::timeout(Duration::from_secs(5), app.backend.maintenance.wait_for(true)).await.unwrap();
    // The worker is another process and reads Redis itself.
    while !log.next_line().await.unwrap().expect("the worker runs").contains("worker paused") {}
    app.flush_accesses().await;
    let before = app.accesses().await;
    for (path, text) in [
        ("/", "down for maintenance"),
        ("/sign-in", "down for maintenance"),
        ("/dashboard", "down for maintenance"),
        (&link, "Your invitation and your RSVP are safe"),
    ] {
        let page = ana.get(path).await;
        assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, "120"), "{path}");
        assert!(page.body.contains(text) && page.body.contains("<h1"), "{path}: {}", page.body);
        assert!(page.header("content-security-policy").contains("default-src 'none'"), "{path}");
    }
    let replied = app.anonymous().reply(&link, &[("form[answer]", "attending"), ("form[heads]", "1")]).await;
    assert_eq!(replied.status, 503);
    assert!(replied.body.contains("down for maintenance"));
    assert_eq!(ana.fetch("/api/events/create", &[]).await.status, 503);
    assert_eq!(app.anonymous().sign_in("ana@example.org", "whatever").await.status, 503);
    assert_eq!(app.anonymous().fetch("/webhooks/twilio", &[]).await.status, 503);
    app.flush_accesses().await;
    assert_eq!(app.accesses().await, before);
    assert_eq!(app.replies().await, 0);
    for path in ["/health", "/readyz"] {
        assert_eq!(app.anonymous().get(path).await.ok(), r#"{"database":"ok","maintenance":true,"redis":"ok"}"#);
    }
    assert_ne!(app.anonymous().get("/favicon.svg").await.status, 503, "the page needs its files");
    eventually(async || app.listeners().await == 0).await;
    app.jobs().add("reconcile_subscriptions").await;

    assert!(app.jobs().count().await > 0, "the worker is paused");
    switch(&db, "off").await;
    tokio::time::timeout(Duration::from_secs(5), app.backend.maintenance.wait_for(false)).await.unwrap();
    assert_eq!(ana.get("/dashboard").await.status, 200, "nobody was signed out");
    eventually(async || app.jobs().count().await == 0).await;
    drop(worker);
}

#[apply(app_test)]
async fn a_setting_alone_closes_a_node(db: PgPool) {
    let address = free_address().await;
    let mut command = binary(&url(&db), &redis(), &["serve"]);
    let _node = ready(command.env("GG_LISTEN", &address).env("GG_MAINTENANCE", "1"), Stdio::null()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| client.get(format!("http://{address}{path}")).send().await.unwrap();
    assert_eq!(get("/").await.status(), 503);
    assert_eq!(get("/health").await.status(), 200);
}
