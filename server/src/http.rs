//! HTTP helpers: content negotiation and the address of the sign-in page.

use axum::http::{HeaderMap, header};

/// Whether a browser asks for a page, rather than a script for data.
pub fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// The sign-in page that leads on to `next`.
pub fn sign_in_url(next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("/sign-in?{query}")
}
