//! Router: all routes and the layers around them.

use std::{any::Any, path::Path, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::Method,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use guestguard::{auth::SESSION_MAX_DAYS, problem::Problem, redis::Redis, services::Services};
use leptos::{config::LeptosOptions, prelude::provide_context};
use leptos_axum::{LeptosRoutes, generate_route_list, handle_server_fns_with_context, render_app_async_with_context};
use provider_webhooks::sns::Fetch;
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, DefaultPredicate,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    limit::RequestBodyLimitLayer,
    request_id::{PropagateRequestIdLayer, SetRequestIdLayer},
    services::ServeDir,
    timeout::RequestBodyTimeoutLayer,
    trace::{DefaultOnResponse, TraceLayer},
};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};

use crate::{
    client,
    config::Config,
    csrf, downloads,
    error_response::{self, ErrorResponse},
    forms, guard, headers, health, live, own_data, sessions, telemetry, unsubscribe, uploads,
    webhooks::Webhooks,
};

/// Timeout between two chunks of a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout until a response begins.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);
/// Timeout until the response to an upload begins; connections may be slow.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(180);
/// Size limit of any body; routes set lower ones.
const MAX_BYTES: usize = 20 * 1024 * 1024;

/// Builds the router. `fetch` downloads the certificates of Amazon SNS.
pub fn router(
    config: &Config,
    services: Services,
    hub: live::Hub,
    fetch: impl Fetch + 'static,
) -> anyhow::Result<Router> {
    let backend = services.backend.clone();
    let options = leptos_options(&config.site_root)?;
    let context = {
        let (services, form_action) = (services.clone(), config.billing.form_action_origins());
        let legal_urls = config.legal_urls.clone();
        move || {
            provide_context(services.clone());
            provide_context(legal_urls.clone());
            headers::content_security_policy(&form_action);
        }
    };
    let shell = {
        let options = options.clone();
        move || app::shell(options.clone())
    };
    let functions = {
        let context = context.clone();
        move |request: Request| {
            let context = context.clone();
            async move {
                match is_function(request.uri().path()) {
                    true => handle_server_fns_with_context(context, request).await.into_response(),
                    false => ErrorResponse(Problem::NotFound).into_response(),
                }
            }
        }
    };
    let not_found = render_app_async_with_context(context.clone(), shell.clone());
    let files = ServeDir::new(&config.site_root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .fallback(get(not_found.clone()).fallback(not_found.clone()));

    let pages = Router::new()
        .leptos_routes_with_context(&options, generate_route_list(app::App), context, shell)
        .with_state(options)
        .route("/api/{*function}", post(functions))
        .route(
            "/dashboard/events/{event}/guests/import",
            post(uploads::guest_list).layer(DefaultBodyLimit::disable()).with_state(backend.clone()),
        )
        .route("/dashboard/events/{event}/guests/export", post(downloads::guest_list).with_state(backend.clone()))
        .route(
            "/dashboard/events/{event}/guests/import/{import}/skipped",
            post(downloads::skipped_rows).with_state(backend.clone()),
        )
        .route("/dashboard/events/{event}/guests/links", post(downloads::links).with_state(backend.clone()))
        .route(
            "/dashboard/events/{event}/messages/preview",
            get(downloads::template_preview).post(downloads::template_draft_preview).with_state(backend.clone()),
        )
        .route(app::phone::TABLE, get(downloads::phone_countries))
        .route("/guest-list.csv", get(downloads::template_csv))
        .route("/guest-list.xlsx", get(downloads::template_xlsx))
        .route("/dashboard/account/export", post(own_data::download).with_state(backend.clone()))
        .route("/me", get(guard::me).delete(own_data::delete_account).with_state(backend.clone()))
        .route("/me/data-export", get(own_data::data_export).post(own_data::ask_for_export).with_state(backend.clone()))
        .route("/me/accept-terms", post(guard::accept_terms).with_state(backend.clone()))
        .route("/i/{token}/data.json", get(own_data::of_guest).with_state(backend.clone()))
        .route("/i/{token}/event.ics", get(downloads::calendar).with_state(backend.clone()))
        .route("/dev/inbox/{mail}/html", get(downloads::dev_outbox_email).with_state(backend.clone()))
        .route_layer(from_fn(telemetry::measure))
        .fallback_service(files)
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(csrf::protect))
                .layer(session_layer(config, backend.redis.clone()))
                .layer(from_fn_with_state(backend.clone(), guard::revoke_reused))
                .layer(from_fn(forms::adapt))
                .layer(from_fn_with_state(backend.clone(), guard::dashboard))
                .layer(from_fn(forms::pass_flash)),
        );
    let health = Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready).with_state(services.clone()))
        .route("/health", get(health::ready).with_state(services));
    let maintenance = backend.maintenance.clone();
    let hooks = Webhooks::new(config, backend.clone(), fetch).routes();
    let plain = Router::new()
        .route("/u/{token}", post(unsubscribe::unsubscribe).with_state(backend.clone()))
        .route("/ws/events/{event}", get(live::socket).with_state((backend, hub)));
    let open = plain.merge(hooks).merge(pages).layer(from_fn_with_state(maintenance, guard::maintenance));
    Ok(with_common_layers(health.merge(open), config.is_https(), config.trusted_proxies, not_found))
}

/// Compresses pages and lists at the fastest level; static files are precompressed.
fn compression() -> CompressionLayer<impl Predicate> {
    let compressed = NotForContentType::const_new("application/zip")
        .and(NotForContentType::const_new("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
        .and(NotForContentType::const_new("font/"));
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1024)).and(compressed))
}

/// Layers of every request: id, log, headers, the client's network, timeouts, panic handler.
fn with_common_layers<R: error_response::RenderError>(
    routes: Router,
    https: bool,
    proxies: usize,
    render_error: R,
) -> Router {
    routes.layer(
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(telemetry::NewRequestId))
            .layer(
                TraceLayer::new_for_http()
                    .make_span_with(telemetry::span)
                    .on_response(DefaultOnResponse::new().level(tracing::Level::INFO)),
            )
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(compression())
            .layer(from_fn_with_state(https, headers::set))
            .layer(from_fn_with_state(proxies, client::identify))
            .layer(from_fn_with_state(render_error, error_response::as_page::<R>))
            .layer(from_fn(timeout))
            .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
            .layer(CatchPanicLayer::custom(on_panic))
            .layer(RequestBodyLimitLayer::new(MAX_BYTES)),
    )
}

/// Answers 503 when a handler takes too long.
async fn timeout(request: Request, next: Next) -> Response {
    let is_upload = request.method() == Method::POST && request.uri().path().ends_with("/guests/import");
    match tokio::time::timeout(if is_upload { UPLOAD_TIMEOUT } else { RESPONSE_TIMEOUT }, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ErrorResponse(Problem::Unavailable { retry_after: 5 }).into_response(),
    }
}

fn is_function(path: &str) -> bool {
    leptos::server_fn::axum::server_fn_paths().any(|(function, _)| function == path)
}

/// A panic ends its request, not the process.
fn on_panic(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    let cause = anyhow::anyhow!("panic: {}", text.unwrap_or("no message"));
    match app::ssr::reply::<()>(Err(cause.into())) {
        Err(problem) => ErrorResponse(problem).into_response(),
        Ok(()) => ErrorResponse(Problem::NotFound).into_response(),
    }
}

/// The `__Host-` prefix stops other hosts of the domain from setting our cookie; browsers accept it over HTTPS only.
/// Lax, because people arrive from links in emails.
fn session_layer(config: &Config, redis: Redis) -> SessionManagerLayer<sessions::Store> {
    let https = config.is_https();
    SessionManagerLayer::new(sessions::Store::new(redis))
        .with_name(if https { "__Host-gg" } else { "gg" })
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::days(SESSION_MAX_DAYS)))
}

/// `bin/build` writes the versioned folder's name to `pkg.txt`; `cargo leptos watch` does not.
fn leptos_options(site_root: &Path) -> anyhow::Result<LeptosOptions> {
    let package = std::fs::read_to_string(site_root.join("pkg.txt")).unwrap_or_else(|_| "pkg".to_owned());
    let site_root = site_root.to_str().context("GG_SITE_ROOT is not text")?;
    Ok(LeptosOptions::builder().output_name("guestguard").site_root(site_root).site_pkg_dir(package.trim()).build())
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::StatusCode};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn asvs_16_5_4_a_panic_is_answered_with_a_reference_and_the_next_request_is_served() {
        let render = |_| -> error_response::Rendering { Box::pin(async { "a page".into_response() }) };
        let broken = get(async || -> &'static str { panic!("canary: {}", "what broke") });
        let router =
            with_common_layers(Router::new().route("/", broken).route("/fine", get(async || "fine")), true, 0, render);
        let ask = async |path: &str| {
            let answer = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
            let (parts, body) = answer.into_parts();
            (parts, String::from_utf8(axum::body::to_bytes(body, 4096).await.unwrap().to_vec()).unwrap())
        };
        let (parts, body) = ask("/").await;
        assert_eq!(parts.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(parts.headers.contains_key("strict-transport-security"));
        let problem: Problem = serde_json::from_str(&body).unwrap();
        assert!(matches!(problem, Problem::Unexpected { reference } if reference.len() == 12));
        assert!(!body.contains("canary"));
        assert_eq!(ask("/fine").await.1, "fine");
    }
}
