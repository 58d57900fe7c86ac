use app::{
    ssr::{AWAY, SESSION, SHOW_AGAIN, local_path},
    ui::{
        flash::{Flash, Returned},
        form::BACK,
    },
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use guestguard::{ids::SessionId, problem::Problem};
use tower_sessions::{Expiry, Session};

use crate::refusal::Refusal;

/// Largest form that is read: a pasted list of 500 people fits several times.
pub const MOST_BYTES: usize = 512 * 1024;
/// By this header a server function tells that its body is a `Problem`.
const FAILED: &str = "serverfnerror";

const CLEAR_SITE_DATA: &str = "clear-site-data";

/// Most bytes that a form for `path` can have: accounts and answers are short, lists are long.
fn most_bytes(path: &str) -> usize {
    match path {
        "/api/guests/paste" | "/api/guests/read-paste" => MOST_BYTES,
        path if path.starts_with("/api/auth/") => 8 * 1024,
        _ => 64 * 1024,
    }
}

/// Gives the answers of server functions their form. A fetch gets the problem with its status. A form that was posted
/// without scripts gets a redirect: onwards, or back to the page it stands on, which then shows it as it was typed
/// together with what was wrong. Server functions themselves only ever see the fetch.
pub async fn answer(session: Session, mut request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let endpoint = request.uri().path().to_owned();
    let posted_as_form = accepts_pages(request.headers());
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, most_bytes(&endpoint)).await else {
        return Refusal(Problem::TooLong).into_response();
    };
    if !posted_as_form {
        return fetched(next.run(Request::from_parts(parts, Body::from(body))).await).await;
    }
    let values = pairs(&body);
    let back =
        values.iter().find(|(name, _)| name == BACK).and_then(|(_, path)| local_path(path)).unwrap_or("/").to_owned();
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    posted(&session, endpoint, values, &back, response).await
}

/// Takes what the last form left and hands it to the page.
pub async fn hand_over(session: Session, mut request: Request, next: Next) -> Response {
    if request.method() == Method::GET && accepts_pages(request.headers()) {
        match Flash::take(&session).await {
            Ok(Some(flash)) => _ = request.extensions_mut().insert(flash),
            Ok(None) => {}
            Err(cause) => tracing::warn!(%cause, "a notice could not be read"),
        }
    }
    next.run(request).await
}

async fn fetched(response: Response) -> Response {
    match problem(response).await {
        Ok(response) => response,
        Err((problem, mut headers)) => {
            let mut response = Refusal(problem).into_response();
            headers.remove(header::CONTENT_LENGTH);
            headers.remove(header::CONTENT_TYPE);
            response.headers_mut().extend(headers);
            response
        }
    }
}

async fn posted(
    session: &Session,
    endpoint: String,
    mut values: Vec<(String, String)>,
    back: &str,
    response: Response,
) -> Response {
    values.retain(|(name, _)| !name.contains("password"));
    match problem(response).await {
        Ok(response) if response.status().is_success() => {
            if let Some(form) = response.headers().get(SHOW_AGAIN).and_then(|form| form.to_str().ok()) {
                return return_form(session, Returned { endpoint: form.to_owned(), values, problem: None }, back).await;
            }
            // Only our own functions say so, and only where people pay.
            if let Some(away) = response.headers().get(AWAY).and_then(|away| away.to_str().ok()) {
                return Redirect::to(away).into_response();
            }
            let onwards = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            let mut redirect = Redirect::to(onwards.and_then(local_path).unwrap_or(back)).into_response();
            if let Some(what) = response.headers().get(CLEAR_SITE_DATA) {
                redirect.headers_mut().insert(CLEAR_SITE_DATA, what.clone());
            }
            redirect
        }
        Ok(response) => response,
        Err((Problem::SignInRequired, _)) => Redirect::to(&crate::guard::sign_in(back)).into_response(),
        Err((problem, _)) => return_form(session, Returned { endpoint, values, problem: Some(problem) }, back).await,
    }
}

/// Keeps the form for its page. Where sessions are away, the problem is at least told.
pub async fn return_form(session: &Session, form: Returned, back: &str) -> Response {
    let problem = form.problem.clone();
    // Of somebody who is not signed in nothing is kept for long: they may never come back for it.
    if let Ok(None) = session.get::<SessionId>(SESSION).await {
        session.set_expiry(Some(Expiry::OnInactivity(time::Duration::hours(1))));
    }
    match Flash::keep_form(session, form).await.and(session.save().await) {
        Ok(()) => Redirect::to(back).into_response(),
        Err(cause) => {
            tracing::error!(%cause, "a form could not be kept for its page");
            Refusal(problem.unwrap_or(Problem::Unavailable { retry_after: 5 })).into_response()
        }
    }
}

/// The response itself, or the problem it carries with the headers around it.
async fn problem(response: Response) -> Result<Response, (Problem, HeaderMap)> {
    if !response.headers().contains_key(FAILED) {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body: Bytes = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    let problem = serde_json::from_slice(&body).unwrap_or(Problem::Invalid(Vec::new()));
    Err((problem, parts.headers))
}

/// Whether a person's browser asks, rather than a script.
pub fn accepts_pages(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn pairs(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}
