//! Request context of pages and server functions: the caller, flash messages, redirects and response status.

pub mod flash;

use std::net::{IpAddr, Ipv6Addr};

use axum::http::request::Parts;
use guestguard::{
    actors::{Guest, Host},
    auth,
    backend::Backend,
    error::{Error, Result},
    ids::SessionId,
    invitations::{self, Token},
    problem::Problem,
    rate_limits::Limit,
    services::Services,
};
use leptos::prelude::*;
use tower_sessions::Session;

use self::flash::{Flash, Notice};

/// The key of the account session in the browser session.
pub const SESSION: &str = "session";

/// For callers without a session.
pub fn anyone() -> Result<Backend, Problem> {
    services().map(|services| services.backend)
}

/// What this process holds.
pub fn services() -> Result<Services, Problem> {
    reply(use_context::<Services>().ok_or_else(|| unexpected("no services in context")))
}

/// For callers without a session, rate limited by network.
pub async fn anyone_within(limit: Limit) -> Result<Backend, Problem> {
    let backend = anyone()?;
    reply(backend.rate_limits.check(limit, &network().to_string()).await)?;
    Ok(backend)
}

/// The result of the session look-up that the guard of the dashboard has made.
#[derive(Clone)]
pub struct CurrentHost(pub Result<Host, Problem>);

/// The problem of a plain route, for which an error page is rendered.
#[derive(Clone)]
pub struct PageProblem(pub Problem);

/// The problem to render instead of the page at this address.
pub fn page_problem() -> Option<Problem> {
    Some(parts()?.extensions.get::<PageProblem>()?.0.clone())
}

/// The signed-in host.
pub async fn host() -> Result<(Backend, Host), Problem> {
    let backend = anyone()?;
    let host = match parts().and_then(|mut parts| parts.extensions.remove::<CurrentHost>()) {
        Some(CurrentHost(host)) => host?,
        None => host_of(&backend, &session()?).await?.ok_or(Problem::SignInRequired)?,
    };
    Ok((backend, host))
}

/// The signed-in host, rate limited.
pub async fn host_within(limit: Limit) -> Result<(Backend, Host), Problem> {
    let (backend, host) = host().await?;
    reply(backend.rate_limits.check(limit, &host.id().to_string()).await)?;
    Ok((backend, host))
}

/// The host of `session`, if somebody is signed in.
pub async fn host_of(backend: &Backend, session: &Session) -> Result<Option<Host>, Problem> {
    match session.get::<SessionId>(SESSION).await.map_err(session_unavailable)? {
        Some(id) => reply(auth::queries::signed_in(backend, id).await),
        None => Ok(None),
    }
}

/// Limits of opening an invitation: by network and by link.
pub const OPENING: [Limit; 2] = [Limit::Open, Limit::OpenLink];
/// Limits of replying to an invitation: by network and by link.
pub const ANSWERING: [Limit; 2] = [Limit::Reply, Limit::ReplyLink];

/// The guest who holds an invitation link, rate limited by network and by link.
pub async fn guest_within(token: &Token, limits: [Limit; 2]) -> Result<(Backend, Guest), Problem> {
    let guest = async |backend: &Backend, token: &Token| invitations::queries::guest_of(&backend.db, token).await;
    holder_within(token, limits, guest).await
}

/// What `find` returns for the token, rate limited by network and by link.
pub async fn holder_within<T>(
    token: &Token,
    limits: [Limit; 2],
    find: impl AsyncFnOnce(&Backend, &Token) -> Result<T>,
) -> Result<(Backend, T), Problem> {
    let [network, link] = limits;
    let backend = anyone_within(network).await?;
    let (counted, found) = futures::join!(backend.rate_limits.check(link, &token.0), find(&backend, token));
    reply(counted)?;
    Ok((backend.clone(), reply(found)?))
}

/// Converts a verb's result for the client: an unexpected error is logged and replaced by a reference.
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

/// Signs this browser in, with a new cookie.
pub async fn start_session(id: SessionId) -> Result<(), Problem> {
    let session = session()?;
    session.cycle_id().await.map_err(session_unavailable)?;
    session.insert(SESSION, id).await.map_err(session_unavailable)
}

/// Gives this browser a new cookie for its session.
pub async fn renew_cookie() -> Result<(), Problem> {
    session()?.cycle_id().await.map_err(session_unavailable)
}

/// Ends this browser's session and clears its cache of our pages.
pub async fn forget_session() -> Result<(), Problem> {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        let all = http::HeaderValue::from_static("\"cache\", \"storage\"");
        response.insert_header(http::HeaderName::from_static("clear-site-data"), all);
    }
    session()?.flush().await.map_err(session_unavailable)
}

/// Browser and operating system, such as "Firefox on Linux".
pub fn device() -> String {
    auth::device_words(&header("user-agent").unwrap_or_default())
}

/// Redirects to `path` on this site, with a notice for the next page.
pub async fn redirect(notice: Option<Notice>, path: &str) -> Result<(), Problem> {
    if let Some(notice) = notice {
        Flash::keep_notice(&session()?, notice).await.map_err(session_unavailable)?;
    }
    leptos_axum::redirect(local_path(path).unwrap_or("/"));
    Ok(())
}

/// Response header of a server function: redisplay the form as it was. The value is the form's endpoint.
pub const REDISPLAY: &str = "gg-redisplay";

/// Response header of a server function: redirect to another site. The value is the address.
pub const EXTERNAL_REDIRECT: &str = "gg-external-redirect";

/// Redirects to a page of another site.
pub fn redirect_external(address: &str) -> Result<(), Problem> {
    let value = http::HeaderValue::from_str(address).map_err(anyhow::Error::from);
    let (value, response) = (reply(value.map_err(Error::from))?, use_context::<leptos_axum::ResponseOptions>());
    if let Some(response) = response {
        response.insert_header(http::HeaderName::from_static(EXTERNAL_REDIRECT), value);
    }
    Ok(())
}

/// Whether this installation sells plans.
pub fn sells() -> bool {
    services().is_ok_and(|services| services.backend.billing.stripe.is_some())
}

/// Redisplays the form as it was, without an error, as the form of `endpoint`.
pub fn redisplay(endpoint: &'static str) {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.insert_header(http::HeaderName::from_static(REDISPLAY), http::HeaderValue::from_static(endpoint));
    }
}

/// The notice or form that the previous request left for this page.
pub fn flash() -> Option<Flash> {
    parts()?.extensions.get::<Flash>().cloned()
}

/// The path and query of this page.
pub fn path() -> String {
    let path = |parts: Parts| parts.uri.path_and_query().map(|path| path.as_str().to_owned());
    parts().and_then(path).unwrap_or_else(|| "/".to_owned())
}

/// The path segment `{name}` of the route, decoded once. The router's own hooks decode twice.
pub fn path_part(name: &str) -> Option<String> {
    let parts = parts()?;
    let route = parts.extensions.get::<axum::extract::MatchedPath>()?.as_str();
    let wanted = |part: &str| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(name);
    let position = route.split('/').position(wanted)?;
    let part = percent_encoding::percent_decode_str(parts.uri.path().split('/').nth(position)?);
    Some(part.decode_utf8().ok()?.into_owned())
}

/// The first query parameter `name`, decoded once.
pub fn query(name: &str) -> Option<String> {
    let parts = parts()?;
    let mut pairs = url::form_urlencoded::parse(parts.uri.query()?.as_bytes());
    pairs.find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
}

/// All query parameters `name`, decoded once.
pub fn queries(name: &str) -> Vec<String> {
    let query = parts().and_then(|parts| parts.uri.query().map(ToOwned::to_owned)).unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(other, _)| other == name).map(|(_, value)| value.into_owned()).collect()
}

/// A request header, if it is text.
pub fn header(name: &str) -> Option<String> {
    parts()?.headers.get(name)?.to_str().ok().map(ToOwned::to_owned)
}

/// Whether the method is GET and not HEAD.
pub fn is_get() -> bool {
    parts().is_some_and(|parts| parts.method == http::Method::GET)
}

/// The network of the client.
pub fn network() -> Network {
    let network = |parts: Parts| parts.extensions.get::<Network>().copied();
    parts().and_then(network).unwrap_or(Network(IpAddr::V6(Ipv6Addr::UNSPECIFIED)))
}

/// The network of a client, by which rate limits count: the address, for IPv6 the /64 of a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpAddr);

impl Network {
    /// The network of a client's address.
    pub fn of(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// A prefix that identifies a network but not a person: /24 for IPv4, /48 for IPv6.
    pub fn prefix(self) -> Vec<u8> {
        match self.0 {
            IpAddr::V4(address) => address.octets()[..3].to_vec(),
            IpAddr::V6(address) => address.octets()[..6].to_vec(),
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                write!(f, "{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

/// Sets the status of this page, and `Retry-After`.
pub fn set_status(problem: &Problem) {
    let Some(response) = use_context::<leptos_axum::ResponseOptions>() else { return };
    if let Ok(status) = http::StatusCode::from_u16(problem.status()) {
        response.set_status(status);
    }
    if let Some(seconds) = problem.retry_after() {
        response.insert_header(http::header::RETRY_AFTER, seconds.into());
    }
}

/// `path` if it stays on this site: browsers take `//host` and `/\host` for another one.
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

fn session_unavailable(cause: tower_sessions::session::Error) -> Problem {
    tracing::error!(%cause, "the session store is out of reach");
    Problem::Unavailable { retry_after: 5 }
}

fn unexpected(cause: &'static str) -> Error {
    Error::Unexpected(anyhow::anyhow!(cause))
}

#[cfg(test)]
mod tests {
    use super::{Network, local_path};

    #[test]
    fn asvs_4_1_3_ipv6_counts_per_64() {
        let network = |address: &str| Network::of(address.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
        assert_eq!(network("::ffff:10.0.0.1"), "10.0.0.1");
    }

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
