//! Server functions of RSVPs.

use guestguard::{ids::EventId, invitations::Token, problem::Problem, rsvp::AnswerForm};
use leptos::prelude::*;

/// Saves a guest's RSVP.
#[server(endpoint = "rsvp/answer")]
pub async fn answer(token: Token, form: AnswerForm) -> Result<(), Problem> {
    let (backend, guest) = crate::ssr::guest_within(&token, crate::ssr::ANSWERING).await?;
    crate::ssr::reply(guestguard::rsvp::actions::answer(&backend, &guest, &form).await)?;
    crate::ssr::redirect(None, &format!("/i/{}", token.0)).await
}

/// A single-use ticket for the event's WebSocket, valid for 30 seconds.
#[server(endpoint = "rsvp/ticket")]
pub async fn ticket(event: EventId) -> Result<String, Problem> {
    let (backend, host) = crate::ssr::host_within(guestguard::rate_limits::Limit::Tickets).await?;
    crate::ssr::reply(guestguard::events::queries::event(&backend.db, &host, event).await)?;
    let claims = guestguard::live::TicketClaims { host: host.id(), session: host.session(), event };
    crate::ssr::reply(backend.live.issue_ticket(claims).await)
}
