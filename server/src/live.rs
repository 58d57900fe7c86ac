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

use crate::{config::Config, connect, origin, refusal::Refusal};

/// Hints that may wait for a slow socket; with more, it just counts as changed.
const WAITING_HINTS: usize = 256;
/// Time between two pings; a socket that does not answer two of them is gone.
const PING: Duration = Duration::from_secs(20);

/// Shortest time between two messages, so that a rush of answers costs a few readings, not one each.
const PACE: Duration = Duration::from_millis(300);

/// Spreads the hints of all nodes to the sockets of this one.
#[derive(Clone)]
pub struct Hub {
    hints: broadcast::Sender<Change>,
    stop: CancellationToken,
}

impl Hub {
    /// Subscribes to the hints of all nodes until `stop`.
    pub async fn connect(config: &Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let redis = connect::redis_builder(config)?.build_subscriber_client()?;
        redis.init().await.context("Redis is out of reach; check GG_REDIS_URL and that the server runs")?;
        redis.manage_subscriptions();
        let (hints, _) = broadcast::channel(WAITING_HINTS);
        let (mut messages, mut reconnects) = (redis.message_rx(), redis.reconnect_rx());
        redis.psubscribe(CHANNELS.to_vec()).await.context("Redis refuses to publish")?;
        let (sender, until) = (hints.clone(), stop.clone());
        tokio::spawn(async move {
            loop {
                let hint = tokio::select! {
                    message = messages.recv() => match message {
                        Ok(message) => Change::of_channel(&message.channel),
                        Err(_) => Some(Change::Everything),
                    },
                    _ = reconnects.recv() => Some(Change::Everything),
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

/// `/ws/events/{id}?ticket=`: a socket that tells how the event stands, and tells it again after each change. The
/// ticket is good once.
pub async fn socket(
    State((backend, hub)): State<(Backend, Hub)>,
    Path(event): Path<String>,
    Query(Ticket { ticket }): Query<Ticket>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    // Browsers let any site open a socket, with our cookies.
    if !origin::names_us(&headers) {
        return Ok(axum::http::StatusCode::FORBIDDEN.into_response());
    }
    let pass = backend.live.redeem_ticket(&ticket).await.map_err(Error::from)?;
    let event: EventId = event.parse().map_err(|_| Problem::NotFound)?;
    match pass {
        Some(pass) if pass.event == event => Ok(upgrade.on_upgrade(move |socket| hub.speak(socket, backend, pass))),
        _ => Err(Problem::SignInRequired.into()),
    }
}

impl Hub {
    /// Sends how things stand, now and after each change, until either side goes.
    async fn speak(self, mut socket: WebSocket, backend: Backend, pass: TicketClaims) {
        metrics::gauge!("live_sockets").increment(1.0);
        let mut hints = self.hints.subscribe();
        let mut ping = tokio::time::interval(PING);
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut changed, mut unanswered) = (true, 0);
        loop {
            tokio::select! {
                hint = hints.recv() => match hint {
                    Ok(hint) => changed |= concerns(hint, pass),
                    Err(broadcast::error::RecvError::Lagged(_)) => changed = true,
                    Err(broadcast::error::RecvError::Closed) => break,
                },
                _ = pace.tick(), if changed => {
                    changed = false;
                    let Some(now) = standing(&backend, pass).await else { break };
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
                    let going = CloseFrame { code: close_code::RESTART, reason: "this node is stopping".into() };
                    // Whoever is gone already needs no farewell.
                    let _ = socket.send(Message::Close(Some(going))).await;
                    break;
                }
            }
        }
        metrics::gauge!("live_sockets").decrement(1.0);
    }
}

fn concerns(change: Change, pass: TicketClaims) -> bool {
    match change {
        Change::Event(event) => event == pass.event,
        Change::SessionsEnded(user) => user == pass.host,
        Change::Everything => true,
    }
}

/// How things stand, as JSON; nothing when the session has ended, the event is gone, or the database is away. The
/// socket then closes, and the page asks anew.
async fn standing(backend: &Backend, pass: TicketClaims) -> Option<String> {
    let host = app::ssr::reply(auth::queries::signed_in(backend, pass.session).await).ok()??;
    let now = app::ssr::reply(rsvp::queries::overview(&backend.db, &host, pass.event).await).ok()?;
    serde_json::to_string(&now).ok()
}
