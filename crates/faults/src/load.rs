//! Load: guests who answer.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::fixture::client;

/// A guest's reply, and the response.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Unique to this reply.
    pub message: String,
    /// `None`: no response, so that it is unknown whether the reply was stored.
    pub status: Option<u16>,
    /// Whether the response had a `Retry-After`.
    pub come_again: bool,
    pub took: Duration,
}

impl Answered {
    /// Whether the guest got a confirmation.
    pub fn is_acknowledged(&self) -> bool {
        self.status == Some(200)
    }
}

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// Guests who reply, one after the other on each of several connections.
pub struct Load {
    stop: CancellationToken,
    guests: JoinSet<Vec<Answered>>,
}

impl Load {
    /// Starts `connections` that send the replies of `tokens` to `address`, with a `pause` between two.
    pub fn start(address: &str, tokens: &[String], connections: usize, pause: Duration) -> Self {
        let stop = CancellationToken::new();
        let mut guests = JoinSet::new();
        for first in 0..connections {
            let (address, stop) = (address.to_owned(), stop.clone());
            let tokens: Vec<_> = tokens.iter().skip(first).step_by(connections).cloned().collect();
            guests.spawn(async move {
                let (browser, mut answered) = (client(), Vec::new());
                for token in tokens.iter().cycle() {
                    if stop.is_cancelled() {
                        break;
                    }
                    answered.push(answer(&browser, &address, token).await);
                    tokio::time::sleep(pause).await;
                }
                answered
            });
        }
        Self { stop, guests }
    }

    /// Stops; all replies that were sent.
    pub async fn end(self) -> Vec<Answered> {
        self.stop.cancel();
        self.guests.join_all().await.into_iter().flatten().collect()
    }
}

/// One guest accepts, with a unique message.
pub async fn answer(browser: &reqwest::Client, address: &str, token: &str) -> Answered {
    let message = format!("Gladly, for the {}th time", NUMBER.fetch_add(1, Ordering::Relaxed));
    let form =
        [("token", token), ("form[answer]", "attending"), ("form[heads]", "1"), ("form[message]", message.as_str())];
    let request = browser.post(format!("http://{address}/api/rsvp/answer")).header("accept", "application/json");
    let at = Instant::now();
    let came = request.form(&form).send().await;
    let come_again = came.as_ref().is_ok_and(|answer| answer.headers().contains_key("retry-after"));
    let status = came.ok().map(|answer| answer.status().as_u16());
    Answered { message, status, come_again, took: at.elapsed() }
}

/// Responses by status, as text.
pub fn summary(answered: &[Answered]) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for one in answered {
        *counts.entry(one.status.map_or_else(|| "broken".to_owned(), |status| status.to_string())).or_insert(0) += 1;
    }
    counts.iter().map(|(status, count)| format!("{count} x {status}")).collect::<Vec<_>>().join(", ")
}
