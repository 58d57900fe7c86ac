use std::time::Duration;

use reqwest::{Client, ClientBuilder, StatusCode, redirect::Policy};

use super::Fetch;
use crate::webhooks::Refused;

const LIMIT: Duration = Duration::from_secs(3);

/// Genuine certificates have 2 KiB.
const MOST_BYTES: usize = 16 * 1024;

/// Fetches over HTTPS, without following anybody elsewhere.
#[derive(Clone, Debug)]
pub struct Https {
    client: Client,
}

/// The [`Fetch`] of production: trusts the system's authorities.
///
/// # Errors
/// The system has no authorities that could be trusted.
pub fn https_fetch() -> Result<Https, reqwest::Error> {
    Ok(Https { client: client().https_only(true).build()? })
}

fn client() -> ClientBuilder {
    Client::builder().redirect(Policy::none()).timeout(LIMIT)
}

impl Fetch for Https {
    async fn fetch(&self, address: &str) -> Result<Vec<u8>, Refused> {
        let mut response = self.client.get(address).send().await.map_err(|_| Refused::Unreachable)?;
        if response.status() != StatusCode::OK {
            return Err(Refused::Unreachable);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Refused::Unreachable)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(Refused::BadCertificate);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// As in production, but for the S in HTTPS.
    fn fetch() -> Https {
        Https { client: client().build().unwrap() }
    }

    /// An address where each caller gets `answer`, and then waits for as long as `delay`.
    async fn serving(answer: Vec<u8>, delay: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/c.pem", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                let mut request = [0; 1024];
                let _ = caller.read(&mut request).await;
                let _ = caller.write_all(&answer).await;
                tokio::time::sleep(delay).await;
            }
        });
        address
    }

    fn answer(status: &str, body: usize) -> Vec<u8> {
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {body}\r\n\r\n");
        [head.into_bytes(), vec![b'a'; body]].concat()
    }

    #[tokio::test]
    async fn more_than_16_kib_are_refused() {
        let fits = serving(answer("200 OK", MOST_BYTES), Duration::ZERO).await;
        assert_eq!(fetch().fetch(&fits).await.map(|body| body.len()), Ok(MOST_BYTES));
        let large = serving(answer("200 OK", MOST_BYTES + 1), Duration::ZERO).await;
        assert_eq!(fetch().fetch(&large).await, Err(Refused::BadCertificate));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let elsewhere = serving(answer("200 OK", 10), Duration::ZERO).await;
        let status = format!("302 Found\r\nLocation: {elsewhere}");
        let address = serving(answer(&status, 0), Duration::ZERO).await;
        assert_eq!(fetch().fetch(&address).await, Err(Refused::Unreachable));
    }

    #[tokio::test]
    async fn an_answer_other_than_200_is_none() {
        for status in ["404 Not Found", "500 Internal Server Error", "203 Other", "206 Partial Content"] {
            let address = serving(answer(status, 10), Duration::ZERO).await;
            assert_eq!(fetch().fetch(&address).await, Err(Refused::Unreachable), "{status}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_does_not_end_is_waited_for_three_seconds() {
        let half = answer("200 OK", 10)[..50].to_vec();
        let (address, begun) = (serving(half, Duration::from_secs(60)).await, Instant::now());
        assert_eq!(fetch().fetch(&address).await, Err(Refused::Unreachable));
        assert!((LIMIT..LIMIT * 2).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn nothing_is_fetched_without_encryption() {
        let address = serving(answer("200 OK", 10), Duration::ZERO).await;
        assert!(fetch().fetch(&address).await.is_ok());
        assert_eq!(https_fetch().unwrap().fetch(&address).await, Err(Refused::Unreachable));
        assert_eq!(
            https_fetch().unwrap().fetch(&address.replace("http:", "https:")).await,
            Err(Refused::Unreachable),
            "nor from a host that shows no certificate"
        );
    }
}
