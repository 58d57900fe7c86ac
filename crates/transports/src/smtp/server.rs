//! Mail server: its URL, TLS, sign-in, and idle connections.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use lettre::transport::smtp::{
    SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use percent_encoding::percent_decode_str;
use tokio::{net::TcpStream, time::timeout};
use url::Url;

use super::within;
use crate::{SendError, SendErrorKind, TIMEOUT};

/// A mail server with its idle connections.
#[derive(Clone)]
pub struct Server(Arc<Shared>);

struct Shared {
    host: String,
    port: u16,
    tls: Encryption,
    credentials: Option<Credentials>,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

enum Encryption {
    None,
    /// Begins in clear and requires STARTTLS.
    StartTls(TlsParameters),
    ImplicitTls(TlsParameters),
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.0.host, self.0.port)
    }
}

impl Server {
    /// The server at `url`, with user and password in it.
    pub fn parse(url: &str) -> anyhow::Result<Self> {
        let url = Url::parse(url).context("not an SMTP address")?;
        let host = url.host_str().context("the SMTP address names no host")?.to_owned();
        let tls_option = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let parameters = || TlsParameters::new(host.clone());
        let (tls, port) = match (url.scheme(), tls_option.as_deref()) {
            ("smtps", None) => (Encryption::ImplicitTls(parameters()?), SUBMISSIONS_PORT),
            ("smtp", Some("required")) => (Encryption::StartTls(parameters()?), SUBMISSION_PORT),
            ("smtp", None) => (Encryption::None, SMTP_PORT),
            _ => anyhow::bail!("the SMTP address must be smtps://…, smtp://…?tls=required or smtp://…"),
        };
        let decode = |text: &str| percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned);
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decode(url.username())?, decode(password)?)),
            None => None,
        };
        let port = url.port().unwrap_or(port);
        Ok(Self(Arc::new(Shared { host, port, tls, credentials, idle: Mutex::default() })))
    }

    /// A new connection, encrypted and signed in as configured.
    pub async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let Shared { host, port, tls, credentials, .. } = &*self.0;
        let (hello, server) = (ClientId::default(), (&**host, *port));
        let mut connection = match tls {
            Encryption::ImplicitTls(parameters) => {
                let parameters = Some(parameters.clone());
                within(AsyncSmtpConnection::connect_tokio1(server, None, &hello, parameters, None)).await?
            }
            _ => {
                let stream = Box::new(connect_tcp(server).await?);
                within(AsyncSmtpConnection::connect_with_transport(stream, &hello)).await?
            }
        };
        if let Encryption::StartTls(parameters) = tls {
            within(connection.starttls(parameters.clone(), &hello)).await?;
        }
        if let Some(credentials) = credentials {
            within(connection.auth(DEFAULT_MECHANISMS, credentials)).await?;
        }
        Ok(connection)
    }

    /// Takes an idle connection.
    pub fn idle(&self) -> Option<AsyncSmtpConnection> {
        self.connections().pop()
    }

    /// Keeps a connection for the next message.
    pub fn keep(&self, connection: AsyncSmtpConnection) {
        self.connections().push(connection);
    }

    fn connections(&self) -> MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects without Nagle's algorithm, which together with delayed acknowledgements holds back the end of each message for
/// 40 ms (RFC 896 and RFC 1122, 4.2.3.2).
async fn connect_tcp(server: (&str, u16)) -> Result<TcpStream, SendError> {
    let unavailable = |why: String| {
        SendError::new(
            SendErrorKind::Unavailable { retry_after: None },
            format!("Our mail server was out of reach: {why}"),
        )
    };
    match timeout(TIMEOUT, TcpStream::connect(server)).await {
        Ok(stream) => stream
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|error| unavailable(error.to_string())),
        Err(_) => Err(unavailable("no connection in time".to_owned())),
    }
}
