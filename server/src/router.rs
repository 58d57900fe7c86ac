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
use guestguard::{auth::LONGEST_DAYS, problem::Problem, redis::Redis, services::Services, webhooks::sns::Fetch};
use leptos::{config::LeptosOptions, prelude::provide_context};
use leptos_axum::{LeptosRoutes, generate_route_list, handle_server_fns_with_context, render_app_async_with_context};
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
    downloads, forms, guard, headers, health, live, origin, own_data,
    refusal::{self, Refusal},
    sessions, telemetry, unsubscribe, uploads,
    webhooks::Webhooks,
};

/// Longest time between two pieces of a request's body.
const BODY: Duration = Duration::from_secs(30);
/// Longest time until an answer begins.
const ANSWER: Duration = Duration::from_secs(20);
/// The same where a file comes in first, over whatever connection a host has.
const ANSWER_TO_FILE: Duration = Duration::from_secs(180);
/// Largest body that is read at all; routes set limits of their own below it.
const MOST_BYTES: usize = 20 * 1024 * 1024;

/// All routes, with sessions, forms, guard and headers around them. `fetch` has the certificates of Amazon SNS.
pub fn router(
    config: &Config,
    services: Services,
    hub: live::Hub,
    fetch: impl Fetch + 'static,
) -> anyhow::Result<Router> {
    let backend = services.backend.clone();
    let options = leptos_options(&config.site_root)?;
    let context = {
        let (services, elsewhere) = (services.clone(), config.billing.pages_elsewhere());
        move || {
            provide_context(services.clone());
            headers::content_security_policy(&elsewhere);
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
                    false => Refusal(Problem::NotFound).into_response(),
                }
            }
        }
    };
    let lost = render_app_async_with_context(context.clone(), shell.clone());
    let files = ServeDir::new(&config.site_root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .fallback(get(lost.clone()).fallback(lost.clone()));

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
            "/dashboard/events/{event}/guests/import/{import}/left",
            post(downloads::excluded).with_state(backend.clone()),
        )
        .route("/dashboard/events/{event}/guests/links", post(downloads::links).with_state(backend.clone()))
        .route(
            "/dashboard/events/{event}/messages/preview",
            get(downloads::words).post(downloads::draft).with_state(backend.clone()),
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
        .route("/dev/inbox/{mail}/html", get(downloads::outbox_mail).with_state(backend.clone()))
        .route_layer(from_fn(telemetry::measure))
        .fallback_service(files)
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(origin::same_site))
                .layer(session_layer(config, backend.redis.clone()))
                .layer(from_fn_with_state(backend.clone(), guard::replays))
                .layer(from_fn(forms::answer))
                .layer(from_fn_with_state(backend.clone(), guard::dashboard))
                .layer(from_fn(forms::hand_over)),
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
    Ok(around(health.merge(open), config.is_https(), config.trusted_proxies, lost))
}

/// Pages and lists are packed as they leave, as tightly as costs next to nothing; files of the site lie packed already.
fn compression() -> CompressionLayer<impl Predicate> {
    let packed_already = NotForContentType::const_new("application/zip")
        .and(NotForContentType::const_new("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
        .and(NotForContentType::const_new("font/"));
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1024)).and(packed_already))
}

/// What holds for every request: its id, the log, headers, the client's network, time limits, and the last resort.
fn around<D: refusal::Draw>(routes: Router, https: bool, proxies: usize, draw: D) -> Router {
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
            .layer(from_fn_with_state(https, headers::protect))
            .layer(from_fn_with_state(proxies, client::identify))
            .layer(from_fn_with_state(draw, refusal::as_page::<D>))
            .layer(from_fn(answer_in_time))
            .layer(RequestBodyTimeoutLayer::new(BODY))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(RequestBodyLimitLayer::new(MOST_BYTES)),
    )
}

/// Gives up on what takes too long.
async fn answer_in_time(request: Request, next: Next) -> Response {
    let is_file = request.method() == Method::POST && request.uri().path().ends_with("/guests/import");
    match tokio::time::timeout(if is_file { ANSWER_TO_FILE } else { ANSWER }, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal(Problem::Unavailable { retry_after: 5 }).into_response(),
    }
}

fn is_function(path: &str) -> bool {
    leptos::server_fn::axum::server_fn_paths().any(|(function, _)| function == path)
}

/// A handler that panicked ends its request, not the process.
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    let cause = anyhow::anyhow!("panic: {}", text.unwrap_or("without words"));
    match app::ssr::reply::<()>(Err(cause.into())) {
        Err(problem) => Refusal(problem).into_response(),
        Ok(()) => Refusal(Problem::NotFound).into_response(),
    }
}

/// Sessions in Redis. The `__Host-` prefix keeps other hosts of the domain from setting our cookie; browsers take it
/// over HTTPS only. Lax, because people arrive by links in mails.
fn session_layer(config: &Config, redis: Redis) -> SessionManagerLayer<sessions::Store> {
    let https = config.is_https();
    SessionManagerLayer::new(sessions::Store::new(redis))
        .with_name(if https { "__Host-gg" } else { "gg" })
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::days(LONGEST_DAYS)))
}

/// Where the built site lies. `bin/build` names the versioned folder in `pkg.txt`; `cargo leptos watch` has none.
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
        let drawn = |_| -> refusal::Drawn { Box::pin(async { "a page".into_response() }) };
        let broken = get(async || -> &'static str { panic!("canary: {}", "what broke") });
        let router = around(Router::new().route("/", broken).route("/fine", get(async || "fine")), true, 0, drawn);
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
