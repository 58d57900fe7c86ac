use axum::{Json, extract::State, http::StatusCode};
use guestguard::backend::Backend;
use serde_json::{Value, json};

/// `/livez`: the process runs.
pub async fn live() -> &'static str {
    "ok"
}

/// `/health` and `/readyz`: this node can do its work, or which part it misses.
pub async fn ready(State(backend): State<Backend>) -> (StatusCode, Json<Value>) {
    let database = async {
        let ping = sqlx::Executor::execute(&backend.db, "");
        matches!(tokio::time::timeout(std::time::Duration::from_secs(2), ping).await, Ok(Ok(_)))
    };
    let redis = async { backend.redis.ping().await.is_ok() };
    let (database, redis) = tokio::join!(database, redis);
    let word = |well| if well { "ok" } else { "out of reach" };
    let status = if database && redis { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "database": word(database), "redis": word(redis) })))
}
