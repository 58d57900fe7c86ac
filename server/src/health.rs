//! Health checks: liveness and readiness.

use axum::{Json, extract::State, http::StatusCode};
use guestguard::services::Services;
use serde_json::{Value, json};

/// `/livez`: the process runs.
pub async fn live() -> &'static str {
    "ok"
}

/// `/health` and `/readyz`: whether this node reaches database and Redis. Also reports the newest backup's age, which does
/// not affect readiness.
pub async fn ready(State(Services { backend, backups, .. }): State<Services>) -> (StatusCode, Json<Value>) {
    let database = async {
        let ping = sqlx::Executor::execute(&backend.db, "");
        matches!(tokio::time::timeout(std::time::Duration::from_secs(2), ping).await, Ok(Ok(_)))
    };
    let redis = async { backend.redis.ping().await.is_ok() };
    let (database, redis) = tokio::join!(database, redis);
    let word = |ok| if ok { "ok" } else { "out of reach" };
    let status = if database && redis { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = json!({ "database": word(database), "redis": word(redis) });
    if backend.maintenance.is_on() {
        body["maintenance"] = json!(true);
    }
    if let Some(backups) = backups {
        body["backup"] = match backups.status_at_once(backend.clock.now()) {
            None => json!({ "state": "not known yet" }),
            Some(Ok(status)) => {
                let state = if status.faults.is_empty() { "ok" } else { "missing, late or damaged" };
                json!({ "state": state, "age_seconds": status.age_seconds })
            }
            Some(Err(_)) => json!({ "state": "out of reach" }),
        };
    }
    (status, Json(body))
}
