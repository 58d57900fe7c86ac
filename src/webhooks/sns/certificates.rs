use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use chrono::{DateTime, Duration, Utc};
use tokio::sync::OnceCell;

use super::{Message, certificate::Certificate};
use crate::webhooks::Refused;

/// Certificates kept. Each region uses one or two.
const MOST_KEPT: usize = 10;

/// Fetches at once. More only come from somebody who makes up addresses.
const MOST_FETCHES: usize = 10;

/// Failures remembered; with more, the oldest is forgotten.
const MOST_FAILURES: usize = 1000;

/// How long a failure is remembered.
const FAILURE_HOLDS: Duration = Duration::seconds(60);

/// How a certificate is had from its address.
pub trait Fetch: Send + Sync {
    /// The PEM file at a checked address.
    ///
    /// # Errors
    /// It could not be had, or is too long.
    fn fetch(&self, address: &str) -> impl Future<Output = Result<Vec<u8>, Refused>> + Send;
}

type Fetched = Result<Arc<[u8]>, Refused>;

/// The certificates of SNS: each fetched once, however many messages wait for it.
#[derive(Debug)]
pub struct Certificates<F> {
    fetch: F,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The one used last stands last.
    kept: VecDeque<(String, Arc<[u8]>)>,
    /// The newest stands last. Apart from the certificates, so that made-up addresses drive none of them out.
    failures: VecDeque<(String, DateTime<Utc>, Refused)>,
    /// Held by those who wait: once they are gone, so is the fetch.
    under_way: HashMap<String, Weak<OnceCell<Fetched>>>,
}

impl<F: Fetch> Certificates<F> {
    /// None yet; `fetch` gets them.
    pub fn new(fetch: F) -> Self {
        Self { fetch, known: Mutex::default() }
    }

    /// The PEM of the certificate that an admitted message names. No other address is ever fetched.
    ///
    /// # Errors
    /// It could not be had, now or within the last minute, or what is there is no certificate with a strong key.
    pub async fn of(&self, message: &Message, now: DateTime<Utc>) -> Fetched {
        let address = message.certificate_address();
        let fetch = match self.known(|known| known.look_up(address, now)) {
            Found::Known(fetched) => return fetched,
            Found::UnderWay(fetch) => fetch,
        };
        let fetched = fetch.get_or_init(|| self.fetched(address)).await.clone();
        self.known(|known| known.keep(address, &fetch, &fetched, now));
        fetched
    }

    /// What is no certificate counts as a failure: kept as one, it would bar all messages until it is driven out.
    async fn fetched(&self, address: &str) -> Fetched {
        let pem = self.fetch.fetch(address).await?;
        Certificate::read(&pem)?;
        Ok(pem.into())
    }

    fn known<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

enum Found {
    Known(Fetched),
    UnderWay(Arc<OnceCell<Fetched>>),
}

impl Known {
    fn look_up(&mut self, address: &str, now: DateTime<Utc>) -> Found {
        if let Some(pem) = self.kept(address) {
            return Found::Known(Ok(pem));
        }
        self.failures.retain(|(_, at, _)| now - at < FAILURE_HOLDS);
        if let Some((.., refused)) = self.failures.iter().find(|(failed, ..)| failed == address) {
            return Found::Known(Err(*refused));
        }
        self.under_way.retain(|_, fetch| fetch.strong_count() > 0);
        if let Some(fetch) = self.under_way.get(address).and_then(Weak::upgrade) {
            return Found::UnderWay(fetch);
        }
        if self.under_way.len() >= MOST_FETCHES {
            return Found::Known(Err(Refused::Unreachable));
        }
        let fetch = Arc::new(OnceCell::new());
        self.under_way.insert(address.to_owned(), Arc::downgrade(&fetch));
        Found::UnderWay(fetch)
    }

    fn kept(&mut self, address: &str) -> Option<Arc<[u8]>> {
        let position = self.kept.iter().position(|(kept, _)| kept == address)?;
        let entry = self.kept.remove(position)?;
        let pem = entry.1.clone();
        self.kept.push_back(entry);
        Some(pem)
    }

    /// Only the first of those who waited for a fetch finds it still under way.
    fn keep(&mut self, address: &str, fetch: &Arc<OnceCell<Fetched>>, fetched: &Fetched, now: DateTime<Utc>) {
        if self.under_way.get(address).is_none_or(|under_way| !under_way.ptr_eq(&Arc::downgrade(fetch))) {
            return;
        }
        self.under_way.remove(address);
        match fetched {
            Ok(pem) => push(&mut self.kept, (address.to_owned(), pem.clone()), MOST_KEPT),
            Err(refused) => push(&mut self.failures, (address.to_owned(), now, *refused), MOST_FAILURES),
        }
    }
}

fn push<T>(entries: &mut VecDeque<T>, entry: T, most: usize) {
    if entries.len() >= most {
        entries.pop_front();
    }
    entries.push_back(entry);
}

#[cfg(test)]
mod tests;
