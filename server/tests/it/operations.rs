use std::{
    process::{Output, Stdio},
    time::Duration,
};

use sqlx::{ConnectOptions, PgPool};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::support::App;

/// The binary with a development environment of its own.
fn binary(database: &str, redis: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guestguard"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .env("GG_ENV", "development")
        .env("GG_DATABASE_URL", database)
        .env("GG_REDIS_URL", redis)
        .env("GG_LISTEN", "127.0.0.1:0")
        .env("GG_LOCAL_DIR", std::env::temp_dir().join("guestguard-it").join(uuid::Uuid::now_v7().to_string()))
        .kill_on_drop(true);
    command
}

fn redis() -> String {
    std::env::var("GG_REDIS_URL").unwrap()
}

fn url(db: &PgPool) -> String {
    db.connect_options().to_url_lossy().to_string()
}

fn one_sentence(output: &Output) -> String {
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let said: Vec<_> = text.lines().filter(|line| line.starts_with("guestguard: ")).collect();
    assert_eq!(said.len(), 1, "{text}");
    assert!(!text.contains("panicked"), "{text}");
    said[0].to_owned()
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn health_tells_database_and_redis(db: PgPool) {
    let app = App::start(db).await;
    for path in ["/health", "/readyz"] {
        let health = app.anonymous().get(path).await;
        assert_eq!(health.ok(), r#"{"database":"ok","redis":"ok"}"#);
    }
    app.backend.db.close().await;
    let health = app.anonymous().get("/health").await;
    assert_eq!((health.status.as_u16(), &*health.body), (503, r#"{"database":"out of reach","redis":"ok"}"#));
    assert_eq!(app.anonymous().get("/livez").await.ok(), "ok");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn every_answer_carries_the_headers_that_protect(db: PgPool) {
    let app = App::start(db).await;
    let mut nonces = Vec::new();
    for path in ["/", "/sign-in", "/nothing", "/livez", "/i/wrong"] {
        let answer = app.anonymous().get(path).await;
        let policy = answer.header("content-security-policy").to_owned();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("unsafe-eval'")
                || policy.contains("'wasm-unsafe-eval'")
        );
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("cache-control", "no-store")]
        {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert!(!answer.body.contains(" style=") && !answer.body.contains("<style"), "{path}: inline styles");
        let mut of_page: Vec<_> = answer
            .body
            .split("<script")
            .skip(1)
            .map(|s| s.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap())
            .collect();
        of_page.dedup();
        for nonce in of_page {
            assert!(policy.contains(&format!("'nonce-{nonce}'")), "{path}");
            assert!(!nonces.contains(&nonce.to_owned()), "each answer has a nonce of its own");
            nonces.push(nonce.to_owned());
        }
    }
    assert_eq!(nonces.len(), 4);
}

#[tokio::test]
async fn a_missing_configuration_is_one_answer_that_names_everything() {
    let output = binary("", "", &["serve"]).output().await.unwrap();
    one_sentence(&output);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("GG_DATABASE_URL") && text.contains("GG_REDIS_URL"), "{text}");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn an_unreachable_database_or_redis_is_one_clear_sentence(db: PgPool) {
    let output = binary("postgres://nobody@127.0.0.1:9/none", &redis(), &["serve"]).output().await.unwrap();
    assert!(one_sentence(&output).contains("PostgreSQL is out of reach; check GG_DATABASE_URL"));
    let output = binary(&url(&db), "redis://127.0.0.1:9", &["serve"]).output().await.unwrap();
    assert!(one_sentence(&output).contains("Redis is out of reach; check GG_REDIS_URL"));
}

#[sqlx::test(migrations = false)]
async fn serve_can_refuse_a_schema_that_is_behind_or_only_bring_it_up(db: PgPool) {
    let output = binary(&url(&db), &redis(), &["serve", "--no-migrate"]).output().await.unwrap();
    assert!(one_sentence(&output).contains("run `guestguard migrate` first"));
    for arguments in [&["serve", "--migrate-only"][..], &["migrate"]] {
        let output = binary(&url(&db), &redis(), arguments).output().await.unwrap();
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("up to date"));
    }
    assert!(guestguard::migrations::pending(&db).await.unwrap().is_empty());
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn the_doctor_says_what_is_missing_with_the_remedy(db: PgPool) {
    let output = binary(&url(&db), "redis://127.0.0.1:9", &["doctor"]).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success());
    assert!(
        text.contains("ok       PostgreSQL") && text.contains("missing  Redis") && text.contains("check GG_REDIS_URL"),
        "{text}"
    );
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_node_that_is_told_to_stop_loses_no_request_and_exits_cleanly(db: PgPool) {
    let (mut command, address) = (binary(&url(&db), &redis(), &["serve"]), free_address().await);
    let mut node = ready(command.env("GG_LISTEN", &address)).await;
    let requests: Vec<_> = (0..12)
        .map(|n| {
            let url = format!("http://{address}/api/auth/sign-in");
            tokio::spawn(async move {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                // Each costs a password hash, so that most are under way when the signal comes.
                let form = [("form[email]", format!("ada{n}@example.org")), ("form[password]", "wrong".to_owned())];
                client
                    .post(url)
                    .header("accept", "application/json")
                    .form(&form)
                    .send()
                    .await
                    .map(|done| done.status().as_u16())
            })
        })
        .collect();
    let begun = std::time::Instant::now();
    while !requests.iter().any(tokio::task::JoinHandle::is_finished) {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let pid = node.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    for request in requests {
        assert_eq!(request.await.unwrap().expect("an answer"), 422);
    }
    let status = tokio::time::timeout(Duration::from_secs(15), node.wait()).await.expect("stops in time").unwrap();
    assert!(status.success(), "{status}");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn metrics_are_told_on_an_address_of_their_own_by_route(db: PgPool) {
    let (public, private) = (free_address().await, free_address().await);
    let mut command = binary(&url(&db), &redis(), &["serve"]);
    let _node = ready(command.env("GG_LISTEN", &public).env("GG_METRICS_LISTEN", &private)).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |url: String| client.get(url).header("accept", "text/html").send().await.unwrap();
    assert_eq!(get(format!("http://{public}/i/a-secret-token")).await.status(), 404);
    assert_eq!(get(format!("http://{public}/metrics")).await.status(), 404, "not for everybody");
    let metrics = get(format!("http://{private}/metrics")).await.text().await.unwrap();
    assert!(metrics.contains("route=\"/i/{token}\"") && metrics.contains("database_connections"), "{metrics}");
    assert!(!metrics.contains("a-secret-token"));
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn the_demo_is_made_once(db: PgPool) {
    for _ in 0..2 {
        let output = binary(&url(&db), &redis(), &["seed-demo"]).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("Demo sign-in: demo@guestguard.example"));
    }
    let users: i64 = sqlx::query_scalar("select count(*) from users").fetch_one(&db).await.unwrap();
    assert_eq!(users, 1);
}

async fn free_address() -> String {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

/// Starts a node and waits until it says that it is ready.
async fn ready(command: &mut Command) -> Child {
    let mut node = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(Duration::from_secs(20), lines.next_line()).await.expect("ready in time").unwrap();
    assert!(line.unwrap_or_default().starts_with("GuestGuard is ready at http://"));
    node
}
