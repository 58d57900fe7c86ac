//! Seeds: a host, events, guest lists and invitations, created through the application's actions.

use guestguard::{
    actors::{Guest, Host},
    auth::{self, SignInForm, SignUpForm},
    backend::Backend,
    error::{Error, Result},
    events::{self, EventForm},
    guests,
    ids::{EventId, GuestId, InvitationId},
    invitations,
    problem::Problem,
};
use uuid::Uuid;

/// The host of a seeded database signs in with these.
pub const EMAIL: &str = "host@guests.example";
pub const PASSWORD: &str = "a bench of solid oak";

/// A new account, verified and signed in.
pub async fn host(backend: &Backend, email: &str, password: &str) -> Result<Host> {
    let sign_up = SignUpForm {
        name: "Rosalind Franklin".into(),
        email: email.into(),
        password: password.into(),
        accepted: "true".into(),
    };
    auth::actions::sign_up_verified(backend, &sign_up).await?;
    let sign_in = SignInForm { email: email.into(), password: password.into() };
    let session = auth::actions::sign_in(backend, &sign_in, "testkit").await?;
    auth::queries::signed_in(backend, session).await?.ok_or(Error::Problem(Problem::NotFound))
}

/// An event far in the future.
pub fn event_form() -> EventForm {
    EventForm {
        title: "A long table in the garden".into(),
        description: "Ten years in this house, and still no better reason to light the lanterns than you.".into(),
        starts: "2099-06-20T18:30".into(),
        time_zone: "Europe/London".into(),
        venue: "The Walled Garden".into(),
        address: "Orchard Lane 4, Lewes".into(),
        party_size: "4".into(),
        theme: "garden".into(),
        ..EventForm::default()
    }
}

/// An event without guests.
pub async fn event(backend: &Backend, host: &Host) -> Result<EventId> {
    events::actions::create(backend, host, &event_form()).await
}

/// Adds guests to an event, one for each line, in pastes of the largest size.
pub async fn add_guests(backend: &Backend, host: &Host, event: EventId, lines: &[String]) -> Result<()> {
    for part in lines.chunks(guests::MOST_AT_ONCE as usize) {
        guests::actions::add_pasted(backend, host, event, &part.join("\n")).await?;
    }
    Ok(())
}

/// A guest, and the token of their live link.
pub struct Link {
    pub guest: GuestId,
    pub token: String,
}

/// The live links of an event.
pub async fn links(backend: &Backend, event: EventId) -> Result<Vec<Link>> {
    let rows: Vec<(Uuid, Uuid, Vec<u8>)> =
        sqlx::query_as("select guest_id, id, token_sealed from invitations where event_id = $1 and ended_at is null")
            .bind(event.0)
            .fetch_all(&backend.db)
            .await?;
    let open = |(guest, id, sealed): (Uuid, Uuid, Vec<u8>)| {
        Ok(Link { guest: GuestId(guest), token: backend.secrets.open(&sealed, InvitationId(id).0)? })
    };
    rows.into_iter().map(open).collect()
}

/// The guest as the holder of their link.
pub async fn invited_guest(backend: &Backend, host: &Host, event: EventId, guest: GuestId) -> Result<Guest> {
    let link = invitations::queries::link(backend, host, event, guest).await?;
    let token = invitations::Token(link.rsplit('/').next().unwrap_or_default().to_owned());
    invitations::queries::guest_of(&backend.db, &token).await
}
