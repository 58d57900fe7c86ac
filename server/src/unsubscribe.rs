//! Unsubscribe endpoint: RFC 8058 one-click requests and the form of the unsubscribe page.

use axum::{
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use guestguard::{
    backend::Backend,
    error::Result,
    notifications::suppressions::unsubscribe::{self, MessageSubscription},
};

use crate::error_response::ErrorResponse;

/// Larger than the form of the page; the body of a one-click request is ignored.
const MAX_BYTES: usize = 16 * 1024;

/// `POST /u/{token}`: unsubscribes or resubscribes at once. Email programs send a one-click request without cookies, origin
/// or a reliable body, and get 200 for any token (RFC 8058, 3.1). People post the form of the page and return to it.
pub async fn unsubscribe(
    State(backend): State<Backend>,
    Path(token): Path<String>,
    body: Body,
) -> Result<Response, ErrorResponse> {
    let body = to_bytes(body, MAX_BYTES).await.unwrap_or_default();
    let want = form_urlencoded::parse(&body).find(|(name, _)| name == "want").map(|(_, want)| want.into_owned());
    let subscription = MessageSubscription::from_token(&backend.secrets, &token);
    if let Some(subscription) = &subscription {
        match want.as_deref() {
            Some("again") => unsubscribe::resubscribe(&backend, subscription).await?,
            want => unsubscribe::unsubscribe(&backend, subscription, want == Some("stop-all")).await?,
        }
    }
    match want {
        Some(_) => Ok(Redirect::to(&format!("/u/{token}")).into_response()),
        None => Ok((StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "").into_response()),
    }
}
