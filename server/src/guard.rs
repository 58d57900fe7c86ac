//! Access guards: signed-in hosts, reused session cookies, maintenance mode; and `/me`.

use app::ssr::CurrentHost;
use axum::{
    Json,
    extract::{MatchedPath, Request, State},
    http::{Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use guestguard::{
    actors::Host,
    auth::{self, device_words},
    backend::Backend,
    maintenance::Maintenance,
    privacy,
    problem::Problem,
    rate_limits::Limit,
};
use serde_json::json;
use tower_sessions::Session;

use crate::{
    error_response::ErrorResponse,
    http::{accepts_html, sign_in_url},
    sessions,
};

/// `Retry-After` during maintenance.
const MAINTENANCE_SECONDS: u32 = 120;

/// Requires a signed-in host for the dashboard; others sign in first and return to the page they asked for.
pub async fn dashboard(State(backend): State<Backend>, session: Session, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path != "/dashboard" && !path.starts_with("/dashboard/") {
        return next.run(request).await;
    }
    match app::ssr::host_of(&backend, &session).await {
        Ok(Some(host)) => {
            if request.method() == Method::GET
                && let Err(problem) = keep_fresh(&backend, &session, &host).await
            {
                return ErrorResponse(problem).into_response();
            }
            request.extensions_mut().insert(CurrentHost(Ok(host)));
            next.run(request).await
        }
        Ok(None) if request.method() == Method::GET => {
            let wanted = request.uri().path_and_query().map_or("/dashboard", |path| path.as_str());
            Redirect::to(&sign_in_url(wanted)).into_response()
        }
        Ok(None) if accepts_html(request.headers()) => {
            // The form is lost; its page is one level up.
            let above = path.rsplit_once('/').map_or("/dashboard", |(above, _)| above);
            Redirect::to(&sign_in_url(above)).into_response()
        }
        Ok(None) => ErrorResponse(Problem::SignInRequired).into_response(),
        // The page itself shows the problem.
        Err(problem) => {
            request.extensions_mut().insert(CurrentHost(Err(problem)));
            next.run(request).await
        }
    }
}

/// Revokes the session whose replaced cookie is reused; the request continues signed out.
pub async fn revoke_reused(State(backend): State<Backend>, session: Session, request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::COOKIE)
        && let Some(id) = sessions::reused(&session).await
    {
        let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        tracing::warn!("a replaced session cookie was reused; its session is revoked");
        if let Err(problem) = app::ssr::reply(auth::actions::revoke_reused(&backend, id, &device_words(agent)).await) {
            return ErrorResponse(problem).into_response();
        }
        session.clear().await;
    }
    next.run(request).await
}

/// Records that the session is in use, and rotates its cookie when due. The new cookie is stored before the page is
/// rendered, so that a failing page cannot lose it.
async fn keep_fresh(backend: &Backend, session: &Session, host: &Host) -> Result<(), Problem> {
    app::ssr::reply(auth::actions::touch(backend, host).await)?;
    if app::ssr::reply(auth::actions::rotate(backend, host).await)? {
        let rotated = async {
            session.cycle_id().await?;
            session.save().await
        };
        rotated.await.map_err(|cause| {
            tracing::error!(%cause, "a session cookie could not be rotated");
            Problem::Unavailable { retry_after: 5 }
        })?;
    }
    Ok(())
}

/// Answers 503 during maintenance: providers and scripts retry, people get a page. Static files are no routes and are
/// still served, because that page needs them.
pub async fn maintenance(State(maintenance): State<Maintenance>, request: Request, next: Next) -> Response {
    match maintenance.is_on() && request.extensions().get::<MatchedPath>().is_some() {
        true => ErrorResponse(Problem::Maintenance { retry_after: MAINTENANCE_SECONDS }).into_response(),
        false => next.run(request).await,
    }
}

/// `GET /me`: who is signed in, as JSON.
pub async fn me(State(backend): State<Backend>, session: Session) -> Result<Response, ErrorResponse> {
    let host = app::ssr::host_of(&backend, &session).await?.ok_or(Problem::SignInRequired)?;
    let (id, name, email, verified) = (host.id(), host.name(), host.email(), host.is_verified());
    Ok(Json(json!({ "id": id, "name": name, "email": email, "verified": verified })).into_response())
}

/// `POST /me/accept-terms`: accepts the current terms and privacy policy; returns the consent as JSON.
pub async fn accept_terms(State(backend): State<Backend>, session: Session) -> Result<Response, ErrorResponse> {
    let host = app::ssr::host_of(&backend, &session).await?.ok_or(Problem::SignInRequired)?;
    backend.rate_limits.check(Limit::Account, &host.id().to_string()).await?;
    privacy::actions::accept(&backend, &host).await?;
    Ok(Json(privacy::queries::consent(&backend, &host).await?).into_response())
}
