use std::time::Duration;

use anyhow::Context;
use axum::{
    extract::{
        Path, Query, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, close_code},
    },
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use fred::prelude::*;
use guestguard::{
    backend::Backend,
    error::Error,
    ids::EventId,
    live::{CHANNELS, Pass, event_of_channel},
    problem::Problem,
};
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::{config::Config, connect, refusal::Refusal};

/// Hints that may wait for a slow socket before it is told to read everything anew.
const WAITING_HINTS: usize = 256;
/// Time between two pings; a socket that does not answer two of them is gone.
const PING: Duration = Duration::from_secs(20);

/// Spreads the hints of all nodes to the sockets of this one.
#[derive(Clone)]
pub struct Hub {
    hints: broadcast::Sender<Hint>,
    stop: CancellationToken,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hint {
    Changed(EventId),
    /// The connection was lost for a while: anything may have changed.
    Anything,
}

impl Hub {
    /// Subscribes to the hints of all nodes until `stop`.
    pub async fn connect(config: &Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let redis = connect::redis_builder(config)?.build_subscriber_client()?;
        redis.init().await.context("Redis is out of reach; check GG_REDIS_URL and that the server runs")?;
        redis.manage_subscriptions();
        let (hints, _) = broadcast::channel(WAITING_HINTS);
        let (mut messages, mut reconnects) = (redis.message_rx(), redis.reconnect_rx());
        redis.psubscribe(CHANNELS).await.context("Redis refuses to publish")?;
        let (sender, until) = (hints.clone(), stop.clone());
        tokio::spawn(async move {
            loop {
                let hint = tokio::select! {
                    message = messages.recv() => match message {
                        Ok(message) => event_of_channel(&message.channel).map(Hint::Changed),
                        Err(_) => Some(Hint::Anything),
                    },
                    _ = reconnects.recv() => Some(Hint::Anything),
                    () = until.cancelled() => break,
                };
                if let Some(hint) = hint {
                    // Nobody listens: nothing to tell.
                    let _ = sender.send(hint);
                }
            }
            let _ = redis.quit().await;
        });
        Ok(Self { hints, stop })
    }
}

/// The query of the socket's address.
#[derive(Deserialize)]
pub struct Ticket {
    #[serde(default)]
    ticket: String,
}

/// `/ws/events/{id}?ticket=`: a socket that says "changed" whenever the event did. The ticket is good once.
pub async fn socket(
    State((backend, hub)): State<(Backend, Hub)>,
    Path(event): Path<String>,
    Query(Ticket { ticket }): Query<Ticket>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    if !same_origin(&headers) {
        return Ok(axum::http::StatusCode::FORBIDDEN.into_response());
    }
    let pass = backend.live.redeem_ticket(&ticket).await.map_err(Error::from)?;
    let event: EventId = event.parse().map_err(|_| Problem::NotFound)?;
    match pass {
        Some(Pass { event: allowed, .. }) if allowed == event => Ok(upgrade.on_upgrade(move |socket| hub.speak(socket, event))),
        _ => Err(Problem::SignInRequired.into()),
    }
}

impl Hub {
    async fn speak(self, mut socket: WebSocket, event: EventId) {
        metrics::gauge!("live_sockets").increment(1.0);
        let mut hints = self.hints.subscribe();
        let mut ping = tokio::time::interval(PING);
        let mut unanswered = 0;
        loop {
            tokio::select! {
                hint = hints.recv() => {
                    let about_us = match hint {
                        Ok(hint) => matches!(hint, Hint::Anything) || hint == Hint::Changed(event),
                        Err(broadcast::error::RecvError::Lagged(_)) => true,
                        Err(broadcast::error::RecvError::Closed) => break,
                    };
                    if about_us && socket.send(Message::text("changed")).await.is_err() {
                        break;
                    }
                }
                message = socket.recv() => match message {
                    Some(Ok(Message::Pong(_))) => unanswered = 0,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    Some(Ok(_)) => {}
                },
                _ = ping.tick() => {
                    unanswered += 1;
                    if unanswered > 2 || socket.send(Message::Ping(Default::default())).await.is_err() {
                        break;
                    }
                }
                () = self.stop.cancelled() => {
                    let going = CloseFrame { code: close_code::RESTART, reason: "this node is stopping".into() };
                    let _ = socket.send(Message::Close(Some(going))).await;
                    break;
                }
            }
        }
        metrics::gauge!("live_sockets").decrement(1.0);
    }
}

/// Whether the page that opens the socket is ours: browsers let any site open one, with our cookies.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == text(header::HOST)
}
