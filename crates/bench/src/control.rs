//! Controls: the handlers that GuestGuard is measured against.

use std::process::Stdio;

use anyhow::Context;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};
use uuid::Uuid;

/// Connections to PostgreSQL. More than a few per core only queue.
const CONNECTIONS: u32 = 8;

/// The controls in a process of their own, as GuestGuard is.
pub struct Control {
    pub address: String,
    _process: Child,
}

impl Control {
    pub async fn start(database: &str) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let mut process =
            Command::new(program).args(["control", database]).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let out = process.stdout.take().context("the control has no output")?;
        let address = BufReader::new(out).lines().next_line().await?.context("the control did not start")?;
        Ok(Self { address, _process: process })
    }
}

/// A handler that reads a row by its primary key, and one that inserts a row and commits.
pub async fn serve(database: &str) -> anyhow::Result<()> {
    let db = PgPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false).connect(database).await?;
    sqlx::raw_sql(
        "create table if not exists control (id uuid primary key, reply text not null, at timestamptz not null)",
    )
    .execute(&db)
    .await?;
    let router = Router::new().route("/{host}/{guest}", get(select)).route("/", post(insert)).with_state(db);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn select(State(db): State<PgPool>, Path((host, guest)): Path<(Uuid, Uuid)>) -> Result<String, StatusCode> {
    sqlx::query_scalar("select name from guests where host_id = $1 and id = $2")
        .bind(host)
        .bind(guest)
        .fetch_one(&db)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn insert(State(db): State<PgPool>, reply: String) -> Result<&'static str, StatusCode> {
    sqlx::query("insert into control (id, reply, at) values ($1, $2, now())")
        .bind(Uuid::now_v7())
        .bind(reply)
        .execute(&db)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok("stored")
}
