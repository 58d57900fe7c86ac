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

use super::{
    super::{Cause, PATIENCE, SendError},
    within,
};

/// A mail server, and the connections to it that nobody uses just now.
#[derive(Clone)]
pub struct Server(Arc<Shared>);

struct Shared {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

enum Tls {
    None,
    /// The connection begins in clear and goes no further without STARTTLS.
    Started(TlsParameters),
    FromTheFirstByte(TlsParameters),
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.0.host, self.0.port)
    }
}

impl Server {
    /// The server that `url` names, with the user and password in it.
    pub fn at(url: &str) -> anyhow::Result<Self> {
        let url = Url::parse(url).context("not an SMTP address")?;
        let host = url.host_str().context("the SMTP address names no host")?.to_owned();
        let wanted = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let parameters = || TlsParameters::new(host.clone());
        let (tls, port) = match (url.scheme(), wanted.as_deref()) {
            ("smtps", None) => (Tls::FromTheFirstByte(parameters()?), SUBMISSIONS_PORT),
            ("smtp", Some("required")) => (Tls::Started(parameters()?), SUBMISSION_PORT),
            ("smtp", None) => (Tls::None, SMTP_PORT),
            _ => anyhow::bail!("the SMTP address must be smtps://…, smtp://…?tls=required or smtp://…"),
        };
        let clear = |text: &str| percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned);
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(clear(url.username())?, clear(password)?)),
            None => None,
        };
        let port = url.port().unwrap_or(port);
        Ok(Self(Arc::new(Shared { host, port, tls, credentials, idle: Mutex::default() })))
    }

    /// A new connection, encrypted and signed in as wanted.
    ///
    /// # Errors
    /// What the server or the network says against it.
    pub async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let Shared { host, port, tls, credentials, .. } = &*self.0;
        let (hello, server) = (ClientId::default(), (&**host, *port));
        let mut connection = match tls {
            Tls::FromTheFirstByte(parameters) => {
                let parameters = Some(parameters.clone());
                within(AsyncSmtpConnection::connect_tokio1(server, None, &hello, parameters, None)).await?
            }
            _ => {
                let stream = Box::new(reach(server).await?);
                within(AsyncSmtpConnection::connect_with_transport(stream, &hello)).await?
            }
        };
        if let Tls::Started(parameters) = tls {
            within(connection.starttls(parameters.clone(), &hello)).await?;
        }
        if let Some(credentials) = credentials {
            within(connection.auth(DEFAULT_MECHANISMS, credentials)).await?;
        }
        Ok(connection)
    }

    /// A connection that was kept.
    pub fn idle(&self) -> Option<AsyncSmtpConnection> {
        self.kept().pop()
    }

    /// Keeps a connection for the next message.
    pub fn keep(&self, connection: AsyncSmtpConnection) {
        self.kept().push(connection);
    }

    fn kept(&self) -> MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection whose small packets leave at once. Otherwise the end of each message waits for 40 ms: the kernel keeps it
/// back until the message is acknowledged, and the server's kernel acknowledges late (RFC 896 and RFC 1122, 4.2.3.2).
async fn reach(server: (&str, u16)) -> Result<TcpStream, SendError> {
    let away = |why: String| {
        SendError::new(Cause::Away { retry_after: None }, format!("Our mail server was out of reach: {why}"))
    };
    match timeout(PATIENCE, TcpStream::connect(server)).await {
        Ok(stream) => {
            stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream)).map_err(|error| away(error.to_string()))
        }
        Err(_) => Err(away("no connection in time".to_owned())),
    }
}
