//! HTTPS client that fetches SNS certificates.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, StatusCode, redirect::Policy};

use super::Fetch;
use crate::WebhookError;

const TIMEOUT: Duration = Duration::from_secs(3);

/// Size limit in bytes. Genuine certificates have 2 KiB.
const MAX_CERTIFICATE: usize = 16 * 1024;

/// Fetches certificates over HTTPS and follows no redirect.
#[derive(Clone, Debug)]
pub struct HttpsFetch {
    client: Client,
}

impl HttpsFetch {
    /// Trusts the certificate authorities of the system.
    ///
    /// # Errors
    /// The system has none.
    pub fn new() -> Result<Self, reqwest::Error> {
        Ok(Self { client: client().https_only(true).build()? })
    }
}

fn client() -> ClientBuilder {
    Client::builder().redirect(Policy::none()).timeout(TIMEOUT)
}

impl Fetch for HttpsFetch {
    async fn fetch(&self, url: &str) -> Result<Vec<u8>, WebhookError> {
        let mut response = self.client.get(url).send().await.map_err(|_| WebhookError::CertificateUnavailable)?;
        if response.status() != StatusCode::OK {
            return Err(WebhookError::CertificateUnavailable);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| WebhookError::CertificateUnavailable)? {
            if body.len() + chunk.len() > MAX_CERTIFICATE {
                return Err(WebhookError::InvalidCertificate);
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

    /// As in production, but without TLS.
    fn fetch() -> HttpsFetch {
        HttpsFetch { client: client().build().unwrap() }
    }

    /// The URL of a server that sends `answer`, and closes the connection after `delay`.
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
    async fn more_than_16_kib_are_rejected() {
        let fits = serving(answer("200 OK", MAX_CERTIFICATE), Duration::ZERO).await;
        assert_eq!(fetch().fetch(&fits).await.map(|body| body.len()), Ok(MAX_CERTIFICATE));
        let large = serving(answer("200 OK", MAX_CERTIFICATE + 1), Duration::ZERO).await;
        assert_eq!(fetch().fetch(&large).await, Err(WebhookError::InvalidCertificate));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let elsewhere = serving(answer("200 OK", 10), Duration::ZERO).await;
        let status = format!("302 Found\r\nLocation: {elsewhere}");
        let address = serving(answer(&status, 0), Duration::ZERO).await;
        assert_eq!(fetch().fetch(&address).await, Err(WebhookError::CertificateUnavailable));
    }

    #[tokio::test]
    async fn a_response_other_than_200_is_an_error() {
        for status in ["404 Not Found", "500 Internal Server Error", "203 Other", "206 Partial Content"] {
            let address = serving(answer(status, 10), Duration::ZERO).await;
            assert_eq!(fetch().fetch(&address).await, Err(WebhookError::CertificateUnavailable), "{status}");
        }
    }

    #[tokio::test]
    async fn a_response_that_does_not_end_times_out_after_three_seconds() {
        let half = answer("200 OK", 10)[..50].to_vec();
        let (address, begun) = (serving(half, Duration::from_secs(60)).await, Instant::now());
        assert_eq!(fetch().fetch(&address).await, Err(WebhookError::CertificateUnavailable));
        assert!((TIMEOUT..TIMEOUT * 2).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn nothing_is_fetched_without_encryption() {
        let address = serving(answer("200 OK", 10), Duration::ZERO).await;
        assert!(fetch().fetch(&address).await.is_ok());
        assert_eq!(HttpsFetch::new().unwrap().fetch(&address).await, Err(WebhookError::CertificateUnavailable));
        assert_eq!(
            HttpsFetch::new().unwrap().fetch(&address.replace("http:", "https:")).await,
            Err(WebhookError::CertificateUnavailable),
            "nor from a host that shows no certificate"
        );
    }
}
