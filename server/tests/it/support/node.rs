//! Nodes and commands as processes.

use std::{process::Stdio, time::Duration};

use sqlx::{ConnectOptions, PgPool};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The binary with a clean development environment.
pub fn binary(database: &str, redis: &str, arguments: &[&str]) -> Command {
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

/// The URL of the Redis that all tests share.
pub fn redis() -> String {
    std::env::var("GG_REDIS_URL").unwrap()
}

/// The URL of the test's database.
pub fn url(db: &PgPool) -> String {
    db.connect_options().to_url_lossy().to_string()
}

/// An address on which nobody listens.
pub async fn free_address() -> String {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

/// Starts a node that logs to `log`, and waits until it is ready.
pub async fn ready(command: &mut Command, log: Stdio) -> Child {
    let mut node = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(Duration::from_secs(20), lines.next_line()).await.expect("ready in time").unwrap();
    assert!(line.unwrap_or_default().starts_with("GuestGuard is ready at http://"));
    node
}
