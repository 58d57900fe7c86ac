//! What goes on while a part is away.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use sqlx::PgPool;
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

use crate::support::{App, PASSWORD, Settings};

async fn redis_on(port: u16) -> Child {
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "Redis does not start");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn guests_answer_while_redis_is_away_and_hosts_are_told_to_wait(db: PgPool) {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut redis = redis_on(port).await;
    let settings = Settings { redis_url: Some(format!("redis://127.0.0.1:{port}")), ..Settings::default() };
    let app = App::start_with(db, settings).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Aunt Matilda").await;
    ana.invite_all(event).await;
    let link = ana.link(event, ana.guests(event, "Matilda").await[0]).await;

    redis.kill().await.unwrap();
    let matilda = app.anonymous();
    matilda.get(&link).await.ok();
    let answered = matilda.answer(&link, &[("form[answer]", "attending"), ("form[heads]", "1")]).await;
    assert_eq!(answered.location(), link);
    assert!(matilda.get(&link).await.ok().contains("You are coming"));
    let refused = app
        .anonymous()
        .fetch("/api/auth/sign-in", &[("form[email]", "ana@example.org"), ("form[password]", PASSWORD)])
        .await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "5"));
    let dashboard = ana.get("/dashboard").await;
    assert_eq!(dashboard.status, 503);
    assert_eq!(app.anonymous().get("/readyz").await.status, 503);
    assert_eq!(app.anonymous().get("/livez").await.status, 200);

    let _redis = redis_on(port).await;
    let begun = Instant::now();
    while app
        .anonymous()
        .sign_in("ana@example.org", PASSWORD)
        .await
        .headers
        .get("location")
        .is_none_or(|to| to != "/dashboard")
    {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not recover");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
