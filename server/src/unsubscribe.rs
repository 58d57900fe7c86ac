use axum::{
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use guestguard::{
    backend::Backend,
    error::Result,
    notifications::{suppressions, unsubscribing::Subscription},
};

use crate::error_response::ErrorResponse;

/// A form says less; what mail programs send in its place is not looked at.
const MOST_BYTES: usize = 16 * 1024;

/// `POST /u/{token}`: stops messages at once, or starts them again. Mail programs post here with one click, without
/// cookies, origin or a body one could rely on, and are answered with 200 whatever the token (RFC 8058, 3.1); people
/// post the form of the page and come back to it.
pub async fn unsubscribe(
    State(backend): State<Backend>,
    Path(token): Path<String>,
    body: Body,
) -> Result<Response, ErrorResponse> {
    let body = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    let want = form_urlencoded::parse(&body).find(|(name, _)| name == "want").map(|(_, want)| want.into_owned());
    let subscription = Subscription::of_token(&backend.secrets, &token);
    if let Some(subscription) = &subscription {
        match want.as_deref() {
            Some("again") => suppressions::subscribe_again(&backend, subscription).await?,
            want => suppressions::unsubscribe(&backend, subscription, want == Some("stop-all")).await?,
        }
    }
    match want {
        Some(_) => Ok(Redirect::to(&format!("/u/{token}")).into_response()),
        None => Ok((StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "").into_response()),
    }
}
