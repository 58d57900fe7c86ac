//! Certificate cache: fetches each SNS certificate once and remembers failures for a minute.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use moka::{future::Cache, policy::EvictionPolicy};
use tokio::sync::Semaphore;

use super::{Certificate, SnsMessage};
use crate::WebhookError;

/// Capacity for certificates. Each region uses one or two.
const MAX_CERTIFICATES: u64 = 10;

/// Capacity for failures. They have a cache of their own, so that made-up URLs evict no certificate.
const MAX_FAILURES: u64 = 1000;

/// Fetches at a time. Only made-up URLs cause more.
const MAX_FETCHES: usize = 10;

const FAILURE_TTL: TimeDelta = TimeDelta::seconds(60);

/// Fetches a certificate; [`super::HttpsFetch`] in production.
pub trait Fetch: Send + Sync {
    /// The PEM file at a checked URL.
    ///
    /// # Errors
    /// It is unavailable or too long.
    fn fetch(&self, url: &str) -> impl Future<Output = Result<Vec<u8>, WebhookError>> + Send;
}

/// The cache. Concurrent requests for one certificate share one fetch.
#[derive(Debug)]
pub struct Certificates<F> {
    fetch: F,
    fetches: Semaphore,
    certificates: Cache<String, Arc<Certificate>>,
    failures: Cache<String, (DateTime<Utc>, WebhookError)>,
}

impl<F: Fetch> Certificates<F> {
    /// An empty cache, which `fetch` fills.
    pub fn new(fetch: F) -> Self {
        Self {
            fetch,
            fetches: Semaphore::new(MAX_FETCHES),
            certificates: Cache::builder()
                .max_capacity(MAX_CERTIFICATES)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            failures: Cache::builder().max_capacity(MAX_FAILURES).eviction_policy(EvictionPolicy::lru()).build(),
        }
    }

    /// The certificate of a parsed message. No URL is fetched that [`SnsMessage::parse`] has not checked.
    ///
    /// # Errors
    /// It is unavailable or invalid, now or within the last minute.
    pub async fn get(&self, message: &SnsMessage, now: DateTime<Utc>) -> Result<Arc<Certificate>, WebhookError> {
        let url = message.certificate_url();
        self.certificates.try_get_with_by_ref(url, self.fetch_certificate(url, now)).await.map_err(|error| *error)
    }

    async fn fetch_certificate(&self, url: &str, now: DateTime<Utc>) -> Result<Arc<Certificate>, WebhookError> {
        if let Some((failed_at, error)) = self.failures.get(url).await
            && now - failed_at < FAILURE_TTL
        {
            return Err(error);
        }
        let _permit = self.fetches.try_acquire().map_err(|_| WebhookError::CertificateUnavailable)?;
        let certificate = self.fetch.fetch(url).await.and_then(|pem| Certificate::parse(&pem));
        if let Err(error) = certificate {
            self.failures.insert(url.to_owned(), (now, error)).await;
        }
        certificate.map(Arc::new)
    }
}

#[cfg(test)]
mod tests;
