use app::ssr::Asked;
use axum::{
    Json,
    extract::{MatchedPath, Request, State},
    http::{Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use guestguard::{
    auth::{self, Host, device_words},
    backend::Backend,
    maintenance::Maintenance,
    privacy,
    problem::Problem,
    rate_limits::Limit,
};
use serde_json::json;
use tower_sessions::Session;

use crate::{forms, refusal::Refusal, sessions};

/// When whoever comes during maintenance is asked to come again.
const MAINTENANCE_SECONDS: u32 = 120;

/// Lets only signed-in hosts through to the dashboard; others sign in first and come back to where they wanted to go.
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
                return Refusal(problem).into_response();
            }
            request.extensions_mut().insert(Asked(Ok(host)));
            next.run(request).await
        }
        Ok(None) if request.method() == Method::GET => {
            let wanted = request.uri().path_and_query().map_or("/dashboard", |path| path.as_str());
            Redirect::to(&sign_in(wanted)).into_response()
        }
        Ok(None) if forms::accepts_pages(request.headers()) => {
            // What was posted is over; the page it came from is the one above.
            let above = path.rsplit_once('/').map_or("/dashboard", |(above, _)| above);
            Redirect::to(&sign_in(above)).into_response()
        }
        Ok(None) => Refusal(Problem::SignInRequired).into_response(),
        // Told as a page tells it.
        Err(problem) => {
            request.extensions_mut().insert(Asked(Err(problem)));
            next.run(request).await
        }
    }
}

/// Ends a session whose replaced cookie turns up again; whoever presents it is nobody.
pub async fn replays(State(backend): State<Backend>, session: Session, request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::COOKIE)
        && let Some(id) = sessions::replayed(&session).await
    {
        let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        tracing::warn!("a session cookie that was replaced turned up again; its session is ended");
        if let Err(problem) = app::ssr::reply(auth::actions::revoke_replayed(&backend, id, &device_words(agent)).await)
        {
            return Refusal(problem).into_response();
        }
        session.clear().await;
    }
    next.run(request).await
}

/// Notes that the session is in use, and replaces its cookie when it is time. The new cookie is kept before the page is
/// made, so that nothing that goes wrong with the page can lose it.
async fn keep_fresh(backend: &Backend, session: &Session, host: &Host) -> Result<(), Problem> {
    app::ssr::reply(auth::actions::see(backend, host).await)?;
    if app::ssr::reply(auth::actions::renew(backend, host).await)? {
        let renewed = async {
            session.cycle_id().await?;
            session.save().await
        };
        renewed.await.map_err(|cause| {
            tracing::error!(%cause, "a session could not be renewed");
            Problem::Unavailable { retry_after: 5 }
        })?;
    }
    Ok(())
}

/// Sends everybody away while the service is closed: providers and scripts come back by themselves, people get a page.
/// Files of the site are no routes and are served, as that page needs them.
pub async fn maintenance(State(maintenance): State<Maintenance>, request: Request, next: Next) -> Response {
    match maintenance.is_on() && request.extensions().get::<MatchedPath>().is_some() {
        true => Refusal(Problem::Maintenance { retry_after: MAINTENANCE_SECONDS }).into_response(),
        false => next.run(request).await,
    }
}

/// `GET /me`: who is signed in, as JSON.
pub async fn me(State(backend): State<Backend>, session: Session) -> Result<Response, Refusal> {
    let host = app::ssr::host_of(&backend, &session).await?.ok_or(Problem::SignInRequired)?;
    let (id, name, email, verified) = (host.id(), host.name(), host.email(), host.is_verified());
    Ok(Json(json!({ "id": id, "name": name, "email": email, "verified": verified })).into_response())
}

/// `POST /me/accept-terms`: agrees to the terms and the privacy policy as they are now; what is agreed to then, as JSON.
pub async fn accept_terms(State(backend): State<Backend>, session: Session) -> Result<Response, Refusal> {
    let host = app::ssr::host_of(&backend, &session).await?.ok_or(Problem::SignInRequired)?;
    backend.rate_limits.check(Limit::Account, &host.id().to_string()).await?;
    privacy::actions::accept(&backend, &host).await?;
    Ok(Json(privacy::queries::consent(&backend, &host).await?).into_response())
}

/// The sign-in page that leads on to `next`.
pub fn sign_in(next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("/sign-in?{query}")
}
