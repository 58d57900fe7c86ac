//! Load generator: requests as fast as responses come.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Connections at the same time.
pub const CONNECTIONS: usize = 8;

/// Result of a round.
#[derive(Clone, Debug, Default)]
pub struct Round {
    pub requests: usize,
    pub seconds: f64,
    /// Response times, sorted.
    pub times: Vec<Duration>,
}

impl Round {
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    /// A percentile of the response times, in milliseconds.
    pub fn within(&self, share: f64) -> f64 {
        let last = self.times.len().saturating_sub(1);
        self.times.get((last as f64 * share) as usize).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }
}

/// Sends requests as fast as responses come, over keep-alive connections, for `lasting`. `request` gets a number that is unique
/// in the round.
///
/// # Errors
/// A response other than 200.
pub async fn run(
    address: &str,
    lasting: Duration,
    request: impl Fn(usize) -> Request<Full<Bytes>> + Clone + Send + 'static,
) -> anyhow::Result<Round> {
    let begun = Instant::now();
    let mut connections = Vec::new();
    for first in 0..CONNECTIONS {
        let (address, request) = (address.to_owned(), request.clone());
        connections.push(tokio::spawn(async move { one(&address, begun + lasting, first, request).await }));
    }
    let mut round = Round::default();
    for connection in connections {
        round.times.extend(connection.await??);
    }
    round.seconds = begun.elapsed().as_secs_f64();
    round.requests = round.times.len();
    round.times.sort();
    Ok(round)
}

async fn one(
    address: &str,
    until: Instant,
    first: usize,
    request: impl Fn(usize) -> Request<Full<Bytes>>,
) -> anyhow::Result<Vec<Duration>> {
    let stream = TcpStream::connect(address).await.with_context(|| address.to_owned())?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut times = Vec::new();
    for number in (first..).step_by(CONNECTIONS) {
        let begun = Instant::now();
        if begun >= until {
            break;
        }
        let response = sender.send_request(request(number)).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != 200 {
            bail!("{status}: {}", String::from_utf8_lossy(&body).chars().take(300).collect::<String>());
        }
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Sends one request over a new connection. Accepts any status.
pub async fn send(
    address: &str,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<(hyper::http::response::Parts, Bytes)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await?.into_parts();
    Ok((parts, body.collect().await?.to_bytes()))
}

/// A GET request like a browser's.
pub fn get(path: &str, cookie: &str) -> Request<Full<Bytes>> {
    build(Request::get(path).header("accept", "text/html").header("cookie", cookie), Bytes::new())
}

/// A form posted like a script does.
pub fn post(path: &str, cookie: &str, body: String) -> Request<Full<Bytes>> {
    let request = Request::post(path)
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", cookie);
    build(request, body.into())
}

fn build(request: hyper::http::request::Builder, body: Bytes) -> Request<Full<Bytes>> {
    let browser = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";
    request.header("host", "127.0.0.1").header("user-agent", browser).body(Full::new(body)).unwrap_or_default()
}
