use gloo_timers::future::TimeoutFuture;
use guestguard::{ids::EventId, problem::Problem, rsvp::overview::Overview};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::WebSocket;

use super::api;

/// Longest wait between two tries to connect, in milliseconds.
const LONGEST_WAIT: u32 = 30_000;

/// Whether what is shown follows what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Connecting,
    Live,
    Offline,
    SignedOut,
}

impl Status {
    /// The name in attributes.
    pub fn key(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Offline | Self::SignedOut => "offline",
        }
    }

    /// The words people read.
    pub fn words(self) -> &'static str {
        match self {
            Self::Connecting => "Connecting …",
            Self::Live => "Live",
            Self::Offline => "Offline: showing what we knew last, trying again",
            Self::SignedOut => "Signed out: reload the page to sign in again",
        }
    }
}

/// Keeps `overview` up to date through the event's socket, for as long as the page is open. Reconnects by itself, with
/// growing waits, and reads everything anew after each gap.
pub fn follow(event: EventId, overview: RwSignal<Overview>, status: RwSignal<Status>) {
    spawn_local(async move {
        let mut wait = 1_000;
        loop {
            match api::ticket(event).await {
                Ok(ticket) => {
                    if listen(event, &ticket, overview, status).await {
                        wait = 1_000;
                    }
                }
                Err(Problem::SignInRequired | Problem::NotFound) => return status.set(Status::SignedOut),
                Err(_) => {}
            }
            status.set(Status::Offline);
            // Nodes that restart must not be stormed by all browsers at the same moment.
            TimeoutFuture::new(wait / 2 + (js_sys::Math::random() * f64::from(wait / 2)) as u32).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    });
}

/// Listens until the socket closes; whether it was ever open.
async fn listen(event: EventId, ticket: &str, overview: RwSignal<Overview>, status: RwSignal<Status>) -> bool {
    let location = window().location();
    let (Ok(protocol), Ok(host)) = (location.protocol(), location.host()) else { return false };
    let scheme = if protocol == "https:" { "wss" } else { "ws" };
    let Ok(socket) = WebSocket::new(&format!("{scheme}://{host}/ws/events/{event}?ticket={ticket}")) else {
        return false;
    };
    let opened = RwSignal::new(false);
    let refresh = Refresh::new(event, overview);
    let on_open = Closure::<dyn Fn()>::new(move || {
        opened.set(true);
        status.set(Status::Live);
        // What happened while nobody listened.
        refresh.ask();
    });
    let on_message = Closure::<dyn Fn()>::new(move || refresh.ask());
    socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
    socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    let closed = js_sys::Promise::new(&mut |resolve, _| socket.set_onclose(Some(&resolve)));
    let _ = wasm_bindgen_futures::JsFuture::from(closed).await;
    socket.set_onopen(None);
    socket.set_onmessage(None);
    opened.get_untracked()
}

/// Reads the overview anew; hints that come meanwhile lead to one more reading, not to one each.
#[derive(Clone, Copy)]
struct Refresh {
    event: EventId,
    overview: RwSignal<Overview>,
    running: RwSignal<bool>,
    asked_again: RwSignal<bool>,
}

impl Refresh {
    fn new(event: EventId, overview: RwSignal<Overview>) -> Self {
        Self { event, overview, running: RwSignal::new(false), asked_again: RwSignal::new(false) }
    }

    fn ask(self) {
        if self.running.get_untracked() {
            return self.asked_again.set(true);
        }
        self.running.set(true);
        spawn_local(async move {
            loop {
                self.asked_again.set(false);
                if let Ok(now) = api::watch(self.event).await {
                    self.overview.set(now);
                }
                if !self.asked_again.get_untracked() {
                    break;
                }
                TimeoutFuture::new(300).await;
            }
            self.running.set(false);
        });
    }
}
