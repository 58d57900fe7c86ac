//! Telemetry: logs, metrics and request spans without secrets.

use std::time::Instant;

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
    routing::get,
};
use guestguard::{backup, notifications, services::Services};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use tower_http::request_id::{MakeRequestId, RequestId};
use tracing_subscriber::EnvFilter;

use crate::config::Environment;

/// Upper bounds of the request time histogram, in seconds.
const SECONDS: [f64; 10] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 3.0, 10.0];

/// Starts the log: text in development, JSON in production. `GG_LOG` filters (`info`, `server=debug`).
pub fn log(environment: Environment) {
    let filter = EnvFilter::try_from_env("GG_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,fred=warn,graphile_worker=warn,sqlx::postgres::notice=warn"));
    // Below errors, this module logs job payloads, which contain addresses.
    let filter = match "graphile_worker::runner::task_execution=error".parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    };
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match environment {
        Environment::Development => subscriber.with_target(false).init(),
        Environment::Production => subscriber.json().flatten_event(true).init(),
    }
}

/// Installs the metrics recorder.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new();
    let builder = builder.set_buckets_for_metric(Matcher::Full("http_request_seconds".into()), &SECONDS)?;
    Ok(builder.install_recorder()?)
}

/// Serves the metrics on their own address.
pub fn metrics_router(handle: PrometheusHandle, services: Services) -> Router {
    Router::new().route("/metrics", get(scrape)).with_state((handle, services))
}

async fn scrape(State((handle, services)): State<(PrometheusHandle, Services)>) -> String {
    let backend = &services.backend;
    metrics::gauge!("database_connections").set(f64::from(backend.db.size()));
    metrics::gauge!("database_connections_idle").set(backend.db.num_idle() as f64);
    if let Ok(outbox) = notifications::outbox::status(backend).await {
        metrics::gauge!("outbox_waiting").set(outbox.waiting as f64);
        metrics::gauge!("outbox_deferred_domains").set(outbox.deferred_domains.len() as f64);
        metrics::gauge!("outbox_oldest_seconds").set(outbox.oldest_seconds as f64);
        metrics::gauge!("outbox_paused").set(f64::from(u8::from(outbox.paused.is_some())));
    }
    backups(&services).await;
    handle.run_upkeep();
    handle.render()
}

/// Backup metrics. Unknown values are left out; a missing or unreachable backup counts as infinitely old, so that the alert
/// for late backups also fires for a lost store.
async fn backups(Services { backend, backups, .. }: &Services) {
    let now = backend.clock.now();
    if let Some(backups) = backups {
        let status = backups.status(now).await.ok();
        let age = status.as_ref().and_then(|status| status.age_seconds);
        metrics::gauge!("backup_age_seconds").set(age.map_or(f64::INFINITY, |age| age as f64));
        if let Some(status) = status {
            metrics::gauge!("backup_faults").set(status.faults.len() as f64);
            if let Some(newest) = &status.newest {
                metrics::gauge!("backup_bytes").set(newest.bytes as f64);
            }
            if let Some(age) = status.verified_age_seconds {
                metrics::gauge!("backup_verified_age_seconds").set(age as f64);
            }
        }
        if let Ok(seconds) = backup::erasure_log::waiting_seconds(&backend.db).await {
            metrics::gauge!("erasure_log_oldest_seconds").set(seconds as f64);
        }
    }
    if let Ok(Some(drill)) = backup::queries::last_good_drill(&backend.db).await {
        metrics::gauge!("drill_age_seconds").set((now - drill.at).num_seconds() as f64);
        metrics::gauge!("drill_rpo_seconds").set(drill.rpo_seconds as f64);
        metrics::gauge!("drill_rto_seconds").set(drill.rto_seconds as f64);
    }
    if let Ok(Some(archive)) = backup::queries::archive(&backend.db).await {
        metrics::gauge!("wal_archive_failed").set(f64::from(u8::from(archive.failing)));
        if let Some(age) = archive.age_seconds {
            metrics::gauge!("wal_archive_age_seconds").set(age as f64);
        }
    }
}

/// Times each request by its route, never by its path: paths contain secrets.
pub async fn measure(request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let begun = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    let labels = [("method", method), ("route", route), ("status", status)];
    metrics::histogram!("http_request_seconds", &labels).record(begun.elapsed().as_secs_f64());
    response
}

/// The span of one request, with its path redacted.
pub fn span(request: &Request) -> tracing::Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), path = redacted(request.uri().path()))
}

/// First path segments whose second segment is a token.
const TOKEN_ROUTES: [&str; 5] = ["i", "u", "verify", "reset", "new-address"];

/// `path` without a link's token.
pub fn redacted(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["", first, _, rest @ ..] if TOKEN_ROUTES.contains(first) => [&["", first, "…"], rest].concat().join("/"),
        _ => path.to_owned(),
    }
}

/// Generates request ids; those that clients send are ignored.
#[derive(Clone)]
pub struct NewRequestId;

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        Some(RequestId::new(uuid::Uuid::now_v7().to_string().parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tokens_never_reach_the_log() {
        assert_eq!(super::redacted("/i/secret"), "/i/…");
        assert_eq!(super::redacted("/i/secret/event.ics"), "/i/…/event.ics");
        assert_eq!(super::redacted("/dashboard"), "/dashboard");
        let tokens =
            leptos_axum::generate_route_list(app::App).into_iter().filter(|route| route.path().contains("{token}"));
        let logged: Vec<_> = tokens.map(|route| super::redacted(&route.path().replace("{token}", "secret"))).collect();
        assert!(logged.len() >= 4 && logged.iter().all(|path| !path.contains("secret")), "{logged:?}");
    }
}
