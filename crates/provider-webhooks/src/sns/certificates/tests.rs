//! Tests of the certificate cache.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use super::*;
use crate::sns::testing::{after, fixture, parse, pem, with_url};

/// Counts fetches and responds as soon as there is a permit.
struct Counted {
    answer: Mutex<Result<Vec<u8>, WebhookError>>,
    fetches: AtomicUsize,
    permits: Semaphore,
}

impl Counted {
    fn of(answer: Result<Vec<u8>, WebhookError>, permits: usize) -> Certificates<Self> {
        let permits = Semaphore::new(permits);
        Certificates::new(Self { answer: Mutex::new(answer), fetches: AtomicUsize::new(0), permits })
    }
}

impl Fetch for Counted {
    async fn fetch(&self, _: &str) -> Result<Vec<u8>, WebhookError> {
        self.fetches.fetch_add(1, SeqCst);
        let _permit = self.permits.acquire().await.unwrap();
        self.answer.lock().unwrap().clone()
    }
}

impl Certificates<Counted> {
    fn fetches(&self) -> usize {
        self.fetch.fetches.load(SeqCst)
    }

    fn answers(&self, answer: Result<Vec<u8>, WebhookError>) {
        *self.fetch.answer.lock().unwrap() = answer;
    }

    /// The result for a URL, after the caches' pending evictions.
    async fn result(&self, number: u64, seconds: i64) -> Result<(), WebhookError> {
        let result = self.get(&numbered(number), after(seconds)).await.map(|_| ());
        self.certificates.run_pending_tasks().await;
        self.failures.run_pending_tasks().await;
        result
    }

    async fn receive(&self, message: Result<SnsMessage, WebhookError>) -> Result<(), WebhookError> {
        let message = message?;
        message.verify(&*self.get(&message, after(0)).await?, after(0))
    }
}

/// The genuine message, with one of many URLs that SNS could use.
fn numbered(number: u64) -> SnsMessage {
    let folder = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService";
    with_url(&format!("{folder}-{number:032x}.pem")).unwrap()
}

#[tokio::test]
async fn a_foreign_host_is_rejected_before_anything_is_fetched() {
    let certificates = Counted::of(Ok(pem("genuine")), 1);
    let file = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
    for host in ["evil.test", "sns.us-east-1.amazonaws.com.evil.test", "sns.us-east-1.amazonaws.com@evil.test", "[::1]"]
    {
        // The signature would be valid with this certificate.
        let result = certificates.receive(with_url(&format!("https://{host}/{file}"))).await;
        assert_eq!(result, Err(WebhookError::UntrustedCertificateUrl), "{host}");
    }
    let elsewhere = fixture("notification_2.json").replace(":mail", ":evil");
    assert_eq!(certificates.receive(parse(&elsewhere)).await, Err(WebhookError::UnknownTopic));
    assert_eq!(certificates.fetches(), 0);
    assert_eq!(certificates.receive(parse(&fixture("notification_2.json"))).await, Ok(()));
    assert_eq!(certificates.fetches(), 1);
}

#[tokio::test]
async fn a_hundred_concurrent_messages_fetch_a_certificate_once() {
    for answer in [Ok(pem("genuine")), Err(WebhookError::CertificateUnavailable)] {
        let certificates = Arc::new(Counted::of(answer.clone(), 0));
        let expected = answer.map(|_| ());
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                let certificates = certificates.clone();
                tokio::spawn(async move { certificates.get(&numbered(1), after(0)).await.map(|_| ()) })
            })
            .collect();
        tokio::task::yield_now().await;
        certificates.fetch.permits.add_permits(1);
        for one in waiting {
            assert_eq!(one.await.unwrap(), expected);
        }
        assert_eq!(certificates.fetches(), 1);
    }
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_minute() {
    let certificates = Counted::of(Err(WebhookError::CertificateUnavailable), 1);
    for seconds in [0, 1, 59] {
        assert_eq!(certificates.result(1, seconds).await, Err(WebhookError::CertificateUnavailable));
        certificates.answers(Ok(pem("genuine")));
    }
    assert_eq!(certificates.fetches(), 1);
    assert!(certificates.result(2, 59).await.is_ok(), "others are not concerned");
    assert!(certificates.result(1, 60).await.is_ok());
    assert_eq!(certificates.fetches(), 3);
}

#[tokio::test]
async fn an_invalid_certificate_is_a_failure() {
    for (file, error) in [(b"<html>".to_vec(), WebhookError::InvalidCertificate), (pem("weak"), WebhookError::WeakKey)]
    {
        let certificates = Counted::of(Ok(file), 1);
        assert_eq!(certificates.result(1, 0).await, Err(error));
        certificates.answers(Ok(pem("genuine")));
        assert_eq!(certificates.result(1, 59).await, Err(error));
        assert!(certificates.result(1, 60).await.is_ok());
    }
}

#[tokio::test]
async fn the_least_recently_used_of_more_than_ten_certificates_is_evicted() {
    let certificates = Counted::of(Ok(pem("genuine")), 1);
    for number in 0..10 {
        assert!(certificates.result(number, 0).await.is_ok());
    }
    assert!(certificates.result(0, 0).await.is_ok());
    assert_eq!(certificates.fetches(), 10);
    assert!(certificates.result(10, 0).await.is_ok());
    assert!(certificates.result(0, 0).await.is_ok());
    assert_eq!(certificates.fetches(), 11, "recently used");
    assert!(certificates.result(1, 0).await.is_ok());
    assert_eq!(certificates.fetches(), 12, "the least recently used");
    assert_eq!(certificates.certificates.entry_count(), MAX_CERTIFICATES);
}

#[tokio::test]
async fn made_up_urls_neither_evict_a_certificate_nor_fill_the_memory() {
    let certificates = Counted::of(Ok(pem("genuine")), 1);
    assert!(certificates.result(0, 0).await.is_ok());
    certificates.answers(Err(WebhookError::CertificateUnavailable));
    for number in 1..=MAX_FAILURES + 100 {
        assert_eq!(certificates.result(number, 0).await, Err(WebhookError::CertificateUnavailable));
    }
    let fetches = certificates.fetches();
    assert!(certificates.result(0, 0).await.is_ok());
    assert_eq!(certificates.fetches(), fetches);
    assert_eq!(certificates.failures.entry_count(), MAX_FAILURES);
}

#[tokio::test]
async fn a_sender_that_hangs_up_cancels_the_fetch() {
    let certificates = Arc::new(Counted::of(Ok(pem("genuine")), 0));
    let waiting: Vec<_> = (0..=MAX_FETCHES as u64)
        .map(|number| {
            let certificates = certificates.clone();
            tokio::spawn(async move { certificates.get(&numbered(number), after(0)).await.map(|_| ()) })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(certificates.fetches(), MAX_FETCHES);
    for (number, one) in waiting.into_iter().enumerate() {
        match number == MAX_FETCHES {
            true => {
                assert_eq!(one.await.unwrap(), Err(WebhookError::CertificateUnavailable), "one fetch too many at once")
            }
            false => one.abort(),
        }
    }
    tokio::task::yield_now().await;
    certificates.fetch.permits.add_permits(1);
    assert!(certificates.result(0, 0).await.is_ok());
    assert!(certificates.result(MAX_FETCHES as u64, 0).await.is_ok(), "that is not remembered as a failure");
}
