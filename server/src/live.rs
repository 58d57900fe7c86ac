//! Live updates: a WebSocket that sends an event's figures after each change.

use std::time::Duration;

use anyhow::Context;
use axum::{
    extract::{
        Path, Query, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, close_code},
    },
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use fred::prelude::*;
use guestguard::{
    auth,
    backend::Backend,
    error::Error,
    ids::EventId,
    live::{CHANNELS, Change, TicketClaims},
    problem::Problem,
    rsvp,
};
use serde::Deserialize;
use tokio::{sync::broadcast, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{config::Config, connect, csrf, error_response::ErrorResponse};

/// Buffered changes per socket; a slower socket just counts as changed.
const MAX_WAITING: usize = 256;
/// Ping interval; a socket that misses two pongs is closed.
const PING: Duration = Duration::from_secs(20);

/// Shortest time between two messages: a burst of replies costs a few reads, not one each.
const PACE: Duration = Duration::from_millis(300);

/// Broadcasts the changes of all nodes to this node's sockets.
#[derive(Clone)]
pub struct Hub {
    changes: broadcast::Sender<Change>,
    stop: CancellationToken,
}

impl Hub {
    /// Subscribes to the changes of all nodes until `stop`.
    pub async fn connect(config: &Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let redis = connect::redis_builder(config)?.build_subscriber_client()?;
        redis.init().await.context("Redis is out of reach; check GG_REDIS_URL and that the server runs")?;
        redis.manage_subscriptions();
        let (changes, _) = broadcast::channel(MAX_WAITING);
        let (mut messages, mut reconnects) = (redis.message_rx(), redis.reconnect_rx());
        redis.psubscribe(CHANNELS.to_vec()).await.context("Redis refuses to publish")?;
        let (sender, until) = (changes.clone(), stop.clone());
        tokio::spawn(async move {
            loop {
                let change = tokio::select! {
                    message = messages.recv() => match message {
                        Ok(message) => Change::of_channel(&message.channel),
                        Err(_) => Some(Change::Everything),
                    },
                    _ = reconnects.recv() => Some(Change::Everything),
                    () = until.cancelled() => break,
                };
                if let Some(change) = change {
                    // Fails only without sockets.
                    let _ = sender.send(change);
                }
            }
            let _ = redis.quit().await;
        });
        Ok(Self { changes, stop })
    }
}

#[derive(Deserialize)]
pub struct TicketQuery {
    #[serde(default)]
    ticket: String,
}

/// `/ws/events/{id}?ticket=`: opens the socket. The ticket is single-use.
pub async fn socket(
    State((backend, hub)): State<(Backend, Hub)>,
    Path(event): Path<String>,
    Query(TicketQuery { ticket }): Query<TicketQuery>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ErrorResponse> {
    // Browsers let any site open a socket with our cookies.
    if !csrf::is_same_origin(&headers) {
        return Ok(axum::http::StatusCode::FORBIDDEN.into_response());
    }
    let claims = backend.live.redeem_ticket(&ticket).await.map_err(Error::from)?;
    let event: EventId = event.parse().map_err(|_| Problem::NotFound)?;
    match claims {
        Some(claims) if claims.event == event => {
            Ok(upgrade.on_upgrade(move |socket| hub.serve_socket(socket, backend, claims)))
        }
        _ => Err(Problem::SignInRequired.into()),
    }
}

impl Hub {
    /// Sends the figures now and after each change, until either side closes.
    async fn serve_socket(self, mut socket: WebSocket, backend: Backend, claims: TicketClaims) {
        metrics::gauge!("live_sockets").increment(1.0);
        let mut changes = self.changes.subscribe();
        let mut ping = tokio::time::interval(PING);
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut changed, mut unanswered) = (true, 0);
        loop {
            tokio::select! {
                change = changes.recv() => match change {
                    Ok(change) => changed |= concerns(change, claims),
                    Err(broadcast::error::RecvError::Lagged(_)) => changed = true,
                    Err(broadcast::error::RecvError::Closed) => break,
                },
                _ = pace.tick(), if changed => {
                    changed = false;
                    let Some(now) = reauthorise(&backend, claims).await else { break };
                    if socket.send(Message::text(now)).await.is_err() {
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
                    let frame = CloseFrame { code: close_code::RESTART, reason: "this node is stopping".into() };
                    // The other side may be gone.
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    break;
                }
            }
        }
        metrics::gauge!("live_sockets").decrement(1.0);
    }
}

fn concerns(change: Change, claims: TicketClaims) -> bool {
    match change {
        Change::Event(event) => event == claims.event,
        Change::SessionsEnded(user) => user == claims.host,
        Change::Everything => true,
    }
}

/// Checks session and access again and returns the figures as JSON; `None` if either has ended or the database is
/// unavailable. The socket then closes and the page reconnects.
async fn reauthorise(backend: &Backend, claims: TicketClaims) -> Option<String> {
    let host = app::ssr::reply(auth::queries::signed_in(backend, claims.session).await).ok()??;
    let now = app::ssr::reply(rsvp::queries::overview(&backend.db, &host, claims.event).await).ok()?;
    serde_json::to_string(&now).ok()
}
