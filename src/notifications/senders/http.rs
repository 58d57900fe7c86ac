//! What providers that speak HTTP have in common.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode, header, redirect::Policy};

use super::{Cause, PATIENCE, SendError};

/// A client for a provider's API: no redirects, so that a key never travels to another host.
pub fn client() -> anyhow::Result<Client> {
    Ok(Client::builder().timeout(PATIENCE).redirect(Policy::none()).user_agent("GuestGuard").build()?)
}

/// No answer came. Where the provider tells repeats apart, that is no more than an outage.
pub fn unanswered(error: &reqwest::Error, tells_repeats_apart: bool) -> SendError {
    let cause = match error.is_connect() || tells_repeats_apart {
        true => Cause::Away { retry_after: None },
        false => Cause::Unclear,
    };
    let words = if error.is_timeout() { "no answer in time" } else { "no connection" };
    SendError::new(cause, words)
}

/// What an unhappy status says by itself: 408, 429 and 5xx are about the provider and pass; so does 401, which is about
/// our key and not about the message. All others are final.
pub fn status_cause(response: &Response) -> Cause {
    match response.status() {
        StatusCode::UNAUTHORIZED | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Cause::Away { retry_after: retry_after(response) }
        }
        status if status.is_server_error() => Cause::Away { retry_after: retry_after(response) },
        _ => Cause::Refused,
    }
}

/// `Retry-After` in its form of seconds, which is the one that these providers use; an hour at most.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u64 = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(3600)))
}
