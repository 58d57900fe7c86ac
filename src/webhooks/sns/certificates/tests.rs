use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::sync::Semaphore;

use super::*;
use crate::webhooks::sns::testing::{admit, after, at, fixture, pem};

/// Counts the fetches, and answers as soon as there is a permit.
struct Counted {
    answer: Mutex<Result<Vec<u8>, Refused>>,
    fetches: AtomicUsize,
    permits: Semaphore,
}

impl Counted {
    fn of(answer: Result<Vec<u8>, Refused>, permits: usize) -> Certificates<Self> {
        let permits = Semaphore::new(permits);
        Certificates::new(Self { answer: Mutex::new(answer), fetches: AtomicUsize::new(0), permits })
    }
}

impl Fetch for Counted {
    async fn fetch(&self, _: &str) -> Result<Vec<u8>, Refused> {
        self.fetches.fetch_add(1, SeqCst);
        let _permit = self.permits.acquire().await.unwrap();
        self.answer.lock().unwrap().clone()
    }
}

impl Certificates<Counted> {
    fn fetches(&self) -> usize {
        self.fetch.fetches.load(SeqCst)
    }

    fn answers(&self, answer: Result<Vec<u8>, Refused>) {
        *self.fetch.answer.lock().unwrap() = answer;
    }

    async fn receive(&self, message: Result<Message, Refused>) -> Result<(), Refused> {
        let message = message?;
        message.verify(&self.of(&message, after(0)).await?, after(0))
    }
}

/// The genuine message, with one of many addresses that SNS could use.
fn numbered(number: usize) -> Message {
    let folder = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService";
    at(&format!("{folder}-{number:032x}.pem")).unwrap()
}

#[tokio::test]
async fn an_own_key_under_a_foreign_host_is_refused_before_anything_is_fetched() {
    let certificates = Counted::of(Ok(pem("genuine")), 1);
    let file = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
    for host in ["evil.test", "sns.us-east-1.amazonaws.com.evil.test", "sns.us-east-1.amazonaws.com@evil.test", "[::1]"]
    {
        // The signature and the certificate fit each other, and would pass.
        let judged = certificates.receive(at(&format!("https://{host}/{file}"))).await;
        assert_eq!(judged, Err(Refused::ForeignAddress), "{host}");
    }
    let elsewhere = fixture("notification_2.json").replace(":mail", ":evil");
    assert_eq!(certificates.receive(admit(&elsewhere)).await, Err(Refused::UnknownTopic));
    assert_eq!(certificates.fetches(), 0);
    assert_eq!(certificates.receive(admit(&fixture("notification_2.json"))).await, Ok(()));
    assert_eq!(certificates.fetches(), 1);
}

#[tokio::test]
async fn a_hundred_messages_at_once_fetch_a_certificate_once() {
    for answer in [Ok(pem("genuine")), Err(Refused::Unreachable)] {
        let certificates = Arc::new(Counted::of(answer.clone(), 0));
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                let certificates = certificates.clone();
                tokio::spawn(async move { certificates.of(&numbered(1), after(0)).await.map(|pem| pem.to_vec()) })
            })
            .collect();
        tokio::task::yield_now().await;
        certificates.fetch.permits.add_permits(1);
        for one in waiting {
            assert_eq!(one.await.unwrap(), answer);
        }
        assert_eq!(certificates.fetches(), 1);
    }
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_minute() {
    let certificates = Counted::of(Err(Refused::Unreachable), 1);
    for seconds in [0, 1, 59] {
        assert_eq!(certificates.of(&numbered(1), after(seconds)).await, Err(Refused::Unreachable));
        certificates.answers(Ok(pem("genuine")));
    }
    assert_eq!(certificates.fetches(), 1);
    assert!(certificates.of(&numbered(2), after(59)).await.is_ok(), "others are not concerned");
    assert!(certificates.of(&numbered(1), after(60)).await.is_ok());
    assert_eq!(certificates.fetches(), 3);
}

#[tokio::test]
async fn what_is_no_certificate_is_not_kept_as_one() {
    for (junk, refused) in [(b"<html>".to_vec(), Refused::BadCertificate), (pem("weak"), Refused::WeakKey)] {
        let certificates = Counted::of(Ok(junk), 1);
        assert_eq!(certificates.of(&numbered(1), after(0)).await, Err(refused));
        certificates.answers(Ok(pem("genuine")));
        assert_eq!(certificates.of(&numbered(1), after(59)).await, Err(refused));
        assert!(certificates.of(&numbered(1), after(60)).await.is_ok());
    }
}

#[tokio::test]
async fn ten_certificates_are_kept_and_the_longest_unused_goes() {
    let certificates = Counted::of(Ok(pem("genuine")), 1);
    for number in 0..10 {
        assert!(certificates.of(&numbered(number), after(0)).await.is_ok());
    }
    assert!(certificates.of(&numbered(0), after(0)).await.is_ok());
    assert_eq!(certificates.fetches(), 10);
    assert!(certificates.of(&numbered(10), after(0)).await.is_ok());
    assert!(certificates.of(&numbered(0), after(0)).await.is_ok());
    assert_eq!(certificates.fetches(), 11, "the one just used stays");
    assert!(certificates.of(&numbered(1), after(0)).await.is_ok());
    assert_eq!(certificates.fetches(), 12, "the longest unused has gone");
    assert_eq!(certificates.known(|known| known.kept.len()), 10);
}

#[tokio::test]
async fn made_up_addresses_neither_drive_out_a_certificate_nor_fill_the_memory() {
    let certificates = Counted::of(Ok(pem("genuine")), 1);
    assert!(certificates.of(&numbered(0), after(0)).await.is_ok());
    certificates.answers(Err(Refused::Unreachable));
    for number in 1..=MOST_FAILURES + 100 {
        assert_eq!(certificates.of(&numbered(number), after(0)).await, Err(Refused::Unreachable));
    }
    let fetches = certificates.fetches();
    assert!(certificates.of(&numbered(0), after(0)).await.is_ok());
    assert_eq!(certificates.fetches(), fetches);
    assert_eq!(certificates.known(|known| known.failures.len()), MOST_FAILURES);
}

#[tokio::test]
async fn senders_that_hang_up_leave_no_fetch_behind() {
    let certificates = Arc::new(Counted::of(Ok(pem("genuine")), 0));
    let waiting: Vec<_> = (0..=MOST_FETCHES)
        .map(|number| {
            let certificates = certificates.clone();
            tokio::spawn(async move { certificates.of(&numbered(number), after(0)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(certificates.fetches(), MOST_FETCHES);
    for (number, one) in waiting.into_iter().enumerate() {
        match number == MOST_FETCHES {
            true => assert_eq!(one.await.unwrap(), Err(Refused::Unreachable), "one fetch too many at once"),
            false => one.abort(),
        }
    }
    tokio::task::yield_now().await;
    certificates.fetch.permits.add_permits(1);
    assert!(certificates.of(&numbered(0), after(0)).await.is_ok());
    assert!(certificates.of(&numbered(MOST_FETCHES), after(0)).await.is_ok(), "a refusal for haste is not remembered");
}
