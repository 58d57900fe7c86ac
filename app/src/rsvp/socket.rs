//! The event's WebSocket: keeps the overview up to date and reconnects.

use gloo_timers::future::TimeoutFuture;
use guestguard::{ids::EventId, problem::Problem, rsvp::overview::Overview};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{MessageEvent, WebSocket};

use super::api;

/// Bounds of the reconnect back-off, in milliseconds.
const SHORTEST_WAIT: u32 = 1_000;
const LONGEST_WAIT: u32 = 30_000;

/// Connection status of the live overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Connecting,
    Live,
    Offline,
    SignedOut,
}

impl Status {
    /// The value of `data-state`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Offline | Self::SignedOut => "offline",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Connecting => "Connecting …",
            Self::Live => "Live",
            Self::Offline => "Offline: showing the last known state, reconnecting",
            Self::SignedOut => "Signed out: reload the page to sign in again",
        }
    }
}

/// Keeps `overview` up to date while the page is open. Reconnects with back-off; the first message on each socket is the
/// current state.
pub fn follow(event: EventId, overview: RwSignal<Overview>, status: RwSignal<Status>) {
    spawn_local(async move {
        let mut wait = SHORTEST_WAIT;
        loop {
            match api::ticket(event).await {
                Ok(ticket) => {
                    if listen(event, &ticket, overview, status).await {
                        wait = SHORTEST_WAIT;
                    }
                }
                Err(Problem::SignInRequired | Problem::NotFound) => return status.set(Status::SignedOut),
                Err(_) => {}
            }
            status.set(Status::Offline);
            // Jitter, so that browsers do not reconnect to a restarted node all at once.
            TimeoutFuture::new(wait / 2 + (js_sys::Math::random() * f64::from(wait / 2)) as u32).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    });
}

/// Listens until the socket closes. Returns whether it received a message.
async fn listen(event: EventId, ticket: &str, overview: RwSignal<Overview>, status: RwSignal<Status>) -> bool {
    let location = window().location();
    let (Ok(protocol), Ok(host)) = (location.protocol(), location.host()) else { return false };
    let scheme = if protocol == "https:" { "wss" } else { "ws" };
    let Ok(socket) = WebSocket::new(&format!("{scheme}://{host}/ws/events/{event}?ticket={ticket}")) else {
        return false;
    };
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
        let now = message.data().as_string().and_then(|text| serde_json::from_str(&text).ok());
        if let Some(now) = now {
            overview.set(now);
            status.set(Status::Live);
        }
    });
    socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    let closed = js_sys::Promise::new(&mut |resolve, _| socket.set_onclose(Some(&resolve)));
    // The promise never rejects.
    let _ = wasm_bindgen_futures::JsFuture::from(closed).await;
    socket.set_onmessage(None);
    status.get_untracked() == Status::Live
}
