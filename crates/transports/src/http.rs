//! HTTP client and error classification for the providers with an HTTP API.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode, header, redirect::Policy};

use crate::{SendError, SendErrorKind, TIMEOUT};

/// A client that follows no redirect, so that it never sends a key to another host.
pub fn client(user_agent: &str) -> anyhow::Result<Client> {
    Ok(Client::builder().timeout(TIMEOUT).redirect(Policy::none()).user_agent(user_agent).build()?)
}

/// Classifies a request without response. If the provider detects repeats, it is safe to retry.
pub fn classify_no_response(error: &reqwest::Error, detects_repeats: bool) -> SendError {
    let kind = match error.is_connect() || detects_repeats {
        true => SendErrorKind::Unavailable { retry_after: None },
        false => SendErrorKind::Ambiguous,
    };
    let detail = if error.is_timeout() { "no answer in time" } else { "no connection" };
    SendError::new(kind, detail)
}

/// Classifies an error status: 408, 429 and 5xx are temporary; so is 401, which concerns our key and not the message. All
/// others are final.
pub fn classify_status(response: &Response) -> SendErrorKind {
    match response.status() {
        StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            SendErrorKind::Unavailable { retry_after: retry_after(response) }
        }
        status if status.is_server_error() => SendErrorKind::Unavailable { retry_after: retry_after(response) },
        _ => SendErrorKind::Rejected,
    }
}

/// `Retry-After` in seconds, which is the form that these providers use; an hour at most.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u64 = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(3600)))
}
