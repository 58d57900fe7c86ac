//! Form adapter: turns Leptos server functions into POST, redirect, GET for forms without JavaScript.

use app::{
    ssr::{
        EXTERNAL_REDIRECT, REDISPLAY, SESSION,
        flash::{Flash, Returned},
        local_path,
    },
    ui::form::BACK,
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

use crate::{
    error_response::ErrorResponse,
    http::{accepts_html, sign_in_url},
};

/// Size limit of any form: several times a pasted list of 500 people.
pub const MAX_BYTES: usize = 512 * 1024;
/// Header of a server function's response whose body is a `Problem`.
const FAILED: &str = "serverfnerror";

const CLEAR_SITE_DATA: &str = "clear-site-data";

/// Size limit of a form for `path`: lists are long, everything else is short.
fn max_bytes(path: &str) -> usize {
    match path {
        "/api/guests/paste" | "/api/guests/read-paste" => MAX_BYTES,
        path if path.starts_with("/api/auth/") => 8 * 1024,
        _ => 64 * 1024,
    }
}

/// Adapts the response of a server function. A fetch gets the problem as JSON with its status. A form posted without
/// scripts gets a redirect: onwards, or back to its page, which shows the typed values and the errors. Server functions
/// themselves only see fetches.
pub async fn adapt(session: Session, mut request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let endpoint = request.uri().path().to_owned();
    let posted_as_form = accepts_html(request.headers());
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, max_bytes(&endpoint)).await else {
        return ErrorResponse(Problem::TooLong).into_response();
    };
    if !posted_as_form {
        return json_response(next.run(Request::from_parts(parts, Body::from(body))).await).await;
    }
    let values = pairs(&body);
    let back =
        values.iter().find(|(name, _)| name == BACK).and_then(|(_, path)| local_path(path)).unwrap_or("/").to_owned();
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    redirect_response(&session, endpoint, values, &back, response).await
}

/// Passes the flash of the last form to the page.
pub async fn pass_flash(session: Session, mut request: Request, next: Next) -> Response {
    if request.method() == Method::GET && accepts_html(request.headers()) {
        match Flash::take(&session).await {
            Ok(Some(flash)) => _ = request.extensions_mut().insert(flash),
            Ok(None) => {}
            Err(cause) => tracing::warn!(%cause, "a notice could not be read"),
        }
    }
    next.run(request).await
}

async fn json_response(response: Response) -> Response {
    match problem(response).await {
        Ok(response) => response,
        Err((problem, mut headers)) => {
            let mut response = ErrorResponse(problem).into_response();
            headers.remove(header::CONTENT_LENGTH);
            headers.remove(header::CONTENT_TYPE);
            response.headers_mut().extend(headers);
            response
        }
    }
}

async fn redirect_response(
    session: &Session,
    endpoint: String,
    mut values: Vec<(String, String)>,
    back: &str,
    response: Response,
) -> Response {
    values.retain(|(name, _)| !name.contains("password"));
    match problem(response).await {
        Ok(response) if response.status().is_success() => {
            if let Some(form) = response.headers().get(REDISPLAY).and_then(|form| form.to_str().ok()) {
                return return_form(session, Returned { endpoint: form.to_owned(), values, problem: None }, back).await;
            }
            // Only our own functions set this header, for payment pages.
            if let Some(url) = response.headers().get(EXTERNAL_REDIRECT).and_then(|url| url.to_str().ok()) {
                return Redirect::to(url).into_response();
            }
            let onwards = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            let mut redirect = Redirect::to(onwards.and_then(local_path).unwrap_or(back)).into_response();
            if let Some(value) = response.headers().get(CLEAR_SITE_DATA) {
                redirect.headers_mut().insert(CLEAR_SITE_DATA, value.clone());
            }
            redirect
        }
        Ok(response) => response,
        Err((Problem::SignInRequired, _)) => Redirect::to(&sign_in_url(back)).into_response(),
        Err((problem, _)) => return_form(session, Returned { endpoint, values, problem: Some(problem) }, back).await,
    }
}

/// Stores the form for its page. If sessions are unavailable, the response shows the problem itself.
pub async fn return_form(session: &Session, form: Returned, back: &str) -> Response {
    let problem = form.problem.clone();
    // Anonymous visitors may never return.
    if let Ok(None) = session.get::<SessionId>(SESSION).await {
        session.set_expiry(Some(Expiry::OnInactivity(time::Duration::hours(1))));
    }
    match Flash::keep_form(session, form).await.and(session.save().await) {
        Ok(()) => Redirect::to(back).into_response(),
        Err(cause) => {
            tracing::error!(%cause, "a form could not be stored for its page");
            ErrorResponse(problem.unwrap_or(Problem::Unavailable { retry_after: 5 })).into_response()
        }
    }
}

/// The response, or the problem in its body and its headers.
async fn problem(response: Response) -> Result<Response, (Problem, HeaderMap)> {
    if !response.headers().contains_key(FAILED) {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body: Bytes = to_bytes(body, MAX_BYTES).await.unwrap_or_default();
    let problem = serde_json::from_slice(&body).unwrap_or(Problem::Invalid(Vec::new()));
    Err((problem, parts.headers))
}

fn pairs(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}
