use axum::http::request::Parts;
use guestguard::{
    auth::{self, Host},
    backend::Backend,
    error::{Error, Result},
    ids::UserId,
    invitations::{self, Guest, Token},
    problem::Problem,
};
use leptos::prelude::*;
use tower_sessions::Session;

use crate::ui::flash::{Flash, Notice};

/// The session's key for the account that is signed in.
const USER: &str = "user";

/// Nobody in particular is asking.
pub fn anyone() -> Result<Backend, Problem> {
    reply(use_context::<Backend>().ok_or_else(|| unexpected("no backend in context")))
}

/// The signed-in host is asking.
pub async fn host() -> Result<(Backend, Host), Problem> {
    let backend = anyone()?;
    let host = host_of(&backend, &session()?).await?.ok_or(Problem::SignInRequired)?;
    Ok((backend, host))
}

/// The host that `session` belongs to, if it belongs to one.
pub async fn host_of(backend: &Backend, session: &Session) -> Result<Option<Host>, Problem> {
    match session.get::<UserId>(USER).await.map_err(session_fault)? {
        Some(id) => reply(auth::queries::signed_in(&backend.db, id).await),
        None => Ok(None),
    }
}

/// The holder of an invitation link is asking.
pub async fn guest(token: &Token) -> Result<(Backend, Guest), Problem> {
    let backend = anyone()?;
    let guest = reply(invitations::queries::guest_of(&backend.db, token).await)?;
    Ok((backend, guest))
}

/// The one way from a verb's result to the person: what is not for them is logged under a reference and stripped.
pub fn reply<T>(result: Result<T>) -> Result<T, Problem> {
    result.map_err(|error| match error {
        Error::Problem(problem) => problem,
        Error::Unexpected(cause) => {
            let reference = uuid::Uuid::now_v7().simple().to_string()[20..].to_uppercase();
            tracing::error!(%reference, cause = format!("{cause:#}"), "unexpected");
            Problem::Unexpected { reference }
        }
    })
}

/// Signs this browser in, under a new session id.
pub async fn start_session(host: &Host) -> Result<(), Problem> {
    let session = session()?;
    session.cycle_id().await.map_err(session_fault)?;
    session.insert(USER, host.id()).await.map_err(session_fault)
}

/// Signs this browser out and forgets its session.
pub async fn end_session() -> Result<(), Problem> {
    session()?.flush().await.map_err(session_fault)
}

/// Done: the person goes on to `path`, one of our own, and reads `notice` there.
pub async fn done(notice: Option<Notice>, path: &str) -> Result<(), Problem> {
    if let Some(notice) = notice {
        Flash::keep_notice(&session()?, notice).await.map_err(session_fault)?;
    }
    leptos_axum::redirect(local_path(path).unwrap_or("/"));
    Ok(())
}

/// The header by which a server function asks for the form to be shown again as it was, for a second look; its value
/// is the endpoint of the form that then shows it.
pub const SHOW_AGAIN: &str = "gg-show-again";

/// The form comes back to its page as it was, without a fault, as the form of `endpoint`.
pub fn show_again(endpoint: &'static str) {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.insert_header(http::HeaderName::from_static(SHOW_AGAIN), http::HeaderValue::from_static(endpoint));
    }
}

/// What the last form left for this page.
pub fn flash() -> Option<Flash> {
    parts()?.extensions.get::<Flash>().cloned()
}

/// The path and query of the page that is rendered.
pub fn path() -> String {
    let path = |parts: Parts| parts.uri.path_and_query().map(|path| path.as_str().to_owned());
    parts().and_then(path).unwrap_or_else(|| "/".to_owned())
}

/// A request header, if it is text.
pub fn header(name: &str) -> Option<String> {
    parts()?.headers.get(name)?.to_str().ok().map(ToOwned::to_owned)
}

/// Whether somebody reads the page, rather than only asking for its head.
pub fn is_read() -> bool {
    parts().is_some_and(|parts| parts.method == http::Method::GET)
}

/// The address the request came from.
pub fn peer() -> Option<std::net::IpAddr> {
    parts()?.extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>().map(|peer| peer.0.ip())
}

/// Sets the status of the page that is rendered, and how long to wait.
pub fn answer_with(problem: &Problem) {
    let Some(response) = use_context::<leptos_axum::ResponseOptions>() else { return };
    if let Ok(status) = http::StatusCode::from_u16(problem.status()) {
        response.set_status(status);
    }
    if let Some(seconds) = problem.retry_after() {
        response.insert_header(http::header::RETRY_AFTER, seconds.into());
    }
}

/// `path` if it leads to a page of our own: no other site, no control characters. `//host` and `/\host` are other
/// sites to a browser.
pub fn local_path(path: &str) -> Option<&str> {
    let local = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/\\")
        && path.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    local.then_some(path)
}

fn session() -> Result<Session, Problem> {
    let session = parts().and_then(|parts| parts.extensions.get::<Session>().cloned());
    reply(session.ok_or_else(|| unexpected("no session in context")))
}

fn parts() -> Option<Parts> {
    use_context::<Parts>()
}

fn session_fault(cause: tower_sessions::session::Error) -> Problem {
    tracing::error!(%cause, "the session store is out of reach");
    Problem::Unavailable { retry_after: 5 }
}

fn unexpected(cause: &'static str) -> Error {
    Error::Unexpected(anyhow::anyhow!(cause))
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_our_own_pages_are_returned_to() {
        for path in ["/", "/dashboard?tag=a%20b", "/i/token"] {
            assert_eq!(local_path(path), Some(path));
        }
        for path in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "dashboard", "/a\r\nb", "/a b", "/é"]
        {
            assert_eq!(local_path(path), None, "{path:?}");
        }
    }
}
