//! Load: guests who reply.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::fixture::client;

/// A guest's reply, and its response.
#[derive(Clone, Debug)]
pub struct SentReply {
    /// Unique to this reply.
    pub message: String,
    /// `None`: no response. The reply may be stored or not.
    pub status: Option<u16>,
    /// Whether the response had a `Retry-After`.
    pub has_retry_after: bool,
    pub took: Duration,
}

impl SentReply {
    /// Whether the guest got a confirmation.
    pub fn is_acknowledged(&self) -> bool {
        self.status == Some(200)
    }
}

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// Guests who reply over several connections.
pub struct Load {
    stop: CancellationToken,
    guests: JoinSet<Vec<SentReply>>,
}

impl Load {
    /// Starts `connections` that send replies of the guests with `tokens` to `address`, each with a `pause` in between.
    pub fn start(address: &str, tokens: &[String], connections: usize, pause: Duration) -> Self {
        let stop = CancellationToken::new();
        let mut guests = JoinSet::new();
        for first in 0..connections {
            let (address, stop) = (address.to_owned(), stop.clone());
            let tokens: Vec<_> = tokens.iter().skip(first).step_by(connections).cloned().collect();
            guests.spawn(async move {
                let (browser, mut replies) = (client(), Vec::new());
                for token in tokens.iter().cycle() {
                    if stop.is_cancelled() {
                        break;
                    }
                    replies.push(reply(&browser, &address, token).await);
                    tokio::time::sleep(pause).await;
                }
                replies
            });
        }
        Self { stop, guests }
    }

    /// Stops. Returns all replies that were sent.
    pub async fn end(self) -> Vec<SentReply> {
        self.stop.cancel();
        self.guests.join_all().await.into_iter().flatten().collect()
    }
}

/// One guest accepts, with a unique message.
pub async fn reply(browser: &reqwest::Client, address: &str, token: &str) -> SentReply {
    let message = format!("Gladly, for the {}th time", NUMBER.fetch_add(1, Ordering::Relaxed));
    let form =
        [("token", token), ("form[answer]", "attending"), ("form[heads]", "1"), ("form[message]", message.as_str())];
    let request = browser.post(format!("http://{address}/api/rsvp/answer")).header("accept", "application/json");
    let at = Instant::now();
    let response = request.form(&form).send().await;
    let has_retry_after = response.as_ref().is_ok_and(|response| response.headers().contains_key("retry-after"));
    let status = response.ok().map(|response| response.status().as_u16());
    SentReply { message, status, has_retry_after, took: at.elapsed() }
}

/// Responses by status, as text.
pub fn summary(replies: &[SentReply]) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for reply in replies {
        *counts.entry(reply.status.map_or_else(|| "broken".to_owned(), |status| status.to_string())).or_insert(0) += 1;
    }
    counts.iter().map(|(status, count)| format!("{count} x {status}")).collect::<Vec<_>>().join(", ")
}
