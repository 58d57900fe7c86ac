//! Operators' commands: health, settings, migrations, doctor, shutdown, metrics and the demo.

use std::{
    process::{Output, Stdio},
    time::Duration,
};

use sqlx::PgPool;
use tokio::process::Command;

use crate::support::{
    App, eventually,
    node::{binary, free_address, ready, redis, url},
    probes,
};

fn one_sentence(output: &Output) -> String {
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let errors: Vec<_> = text.lines().filter(|line| line.starts_with("guestguard: ")).collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert!(!text.contains("panicked"), "{text}");
    errors[0].to_owned()
}

#[apply(app_test)]
async fn health_reports_database_and_redis(app: App) {
    for path in ["/health", "/readyz"] {
        let health = app.anonymous().get(path).await;
        assert_eq!(health.ok(), r#"{"database":"ok","redis":"ok"}"#);
    }
    app.backend.db.close().await;
    let health = app.anonymous().get("/health").await;
    assert_eq!((health.status.as_u16(), &*health.body), (503, r#"{"database":"out of reach","redis":"ok"}"#));
    assert_eq!(app.anonymous().get("/livez").await.ok(), "ok");
}

#[tokio::test]
async fn all_missing_settings_are_named_at_once() {
    let output = binary("", "", &["serve"]).output().await.unwrap();
    one_sentence(&output);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("GG_DATABASE_URL") && text.contains("GG_REDIS_URL"), "{text}");
}

/// `guestguard … | head` closes the pipe.
#[sqlx::test(migrations = false)]
async fn a_command_whose_output_is_closed_finishes_and_keeps_its_exit_code(db: PgPool) {
    for arguments in [&["migrate"][..], &["restore-verify", "--verbose"], &["doctor"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = binary(&url(&db), &redis(), arguments);
        let ran = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().await.unwrap();
        let stderr = String::from_utf8_lossy(&ran.stderr);
        let read = binary(&url(&db), &redis(), arguments).output().await.unwrap();
        assert_eq!(
            (ran.status.code(), stderr.contains("panicked")),
            (read.status.code(), false),
            "{arguments:?}: {stderr}"
        );
    }
    assert!(guestguard::migrations::pending(&db).await.unwrap().is_empty());
}

#[apply(app_test)]
async fn an_unreachable_database_or_redis_is_one_clear_sentence(db: PgPool) {
    let output = binary("postgres://nobody@127.0.0.1:9/none", &redis(), &["serve"]).output().await.unwrap();
    assert!(one_sentence(&output).contains("PostgreSQL is out of reach; check GG_DATABASE_URL"));
    let output = binary(&url(&db), "redis://127.0.0.1:9", &["serve"]).output().await.unwrap();
    assert!(one_sentence(&output).contains("Redis is out of reach; check GG_REDIS_URL"));
}

#[sqlx::test(migrations = false)]
async fn serve_can_refuse_pending_migrations_or_only_apply_them(db: PgPool) {
    let output = binary(&url(&db), &redis(), &["serve", "--no-migrate"]).output().await.unwrap();
    assert!(one_sentence(&output).contains("run `guestguard migrate` first"));
    for arguments in [&["serve", "--migrate-only"][..], &["migrate"]] {
        let output = binary(&url(&db), &redis(), arguments).output().await.unwrap();
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("up to date"));
    }
    assert!(guestguard::migrations::pending(&db).await.unwrap().is_empty());
}

#[apply(app_test)]
async fn the_doctor_names_what_is_missing_and_the_remedy(db: PgPool) {
    let output = binary(&url(&db), "redis://127.0.0.1:9", &["doctor"]).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success());
    assert!(
        text.contains("ok       PostgreSQL") && text.contains("missing  Redis") && text.contains("check GG_REDIS_URL"),
        "{text}"
    );
}

#[apply(app_test)]
async fn a_stopping_node_finishes_its_requests_and_exits_cleanly(db: PgPool) {
    let (mut command, address) = (binary(&url(&db), &redis(), &["serve"]), free_address().await);
    let mut node = ready(command.env("GG_LISTEN", &address), Stdio::null()).await;
    let requests: Vec<_> = (0..12)
        .map(|n| {
            let url = format!("http://{address}/api/auth/sign-in");
            tokio::spawn(async move {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                // Each takes a password hash, so that most are in progress when the signal comes.
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
    eventually(async || requests.iter().any(tokio::task::JoinHandle::is_finished)).await;
    let pid = node.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    for request in requests {
        assert_eq!(request.await.unwrap().expect("a response"), 422);
    }
    let status = tokio::time::timeout(Duration::from_secs(15), node.wait()).await.expect("stops in time").unwrap();
    assert!(status.success(), "{status}");
}

#[apply(app_test)]
async fn metrics_have_their_own_address_and_are_labelled_by_route(db: PgPool) {
    let (public, private) = (free_address().await, free_address().await);
    let mut command = binary(&url(&db), &redis(), &["serve"]);
    let _node = ready(command.env("GG_LISTEN", &public).env("GG_METRICS_LISTEN", &private), Stdio::null()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |url: String| client.get(url).header("accept", "text/html").send().await.unwrap();
    assert_eq!(get(format!("http://{public}/i/a-secret-token")).await.status(), 404);
    assert_eq!(get(format!("http://{public}/metrics")).await.status(), 404, "not for everybody");
    let metrics = get(format!("http://{private}/metrics")).await.text().await.unwrap();
    assert!(metrics.contains("route=\"/i/{token}\"") && metrics.contains("database_connections"), "{metrics}");
    assert!(!metrics.contains("a-secret-token"));
}

#[apply(app_test)]
async fn the_demo_is_created_once(db: PgPool) {
    for _ in 0..2 {
        let output = binary(&url(&db), &redis(), &["seed-demo"]).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("Demo sign-in: demo@guestguard.example"));
    }
    assert_eq!(probes::Database(&db).accounts().await, 1);
}

#[apply(app_test)]
async fn a_statement_is_planned_once_for_each_connection(db: PgPool) {
    let pool = server::connect::database(&url(&db), 1).await.unwrap();
    assert_eq!(probes::custom_plans(&pool, 10).await, 0);
    pool.close().await;
}
