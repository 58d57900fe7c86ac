use std::collections::HashMap;

use anyhow::{Context, anyhow};
use guestguard::{
    auth::Host,
    backend::Backend,
    demo,
    error::Error,
    events::{self, EventForm},
    guests,
    ids::{EventId, GuestId, InvitationId},
    invitations::{self, Selection},
};
use server::{config::Config, connect};
use sqlx::PgPool;

use crate::serving;

/// Guests of one event.
pub const GUESTS: usize = 5_000;
/// Events of the small database; the large one has ten times as many.
pub const EVENTS: usize = 10;

pub const EMAIL: &str = "host@guests.example";
pub const PASSWORD: &str = "a bench of solid oak";

/// A host with events, and what is needed to ask for one of them as guests and host do.
pub struct Seeded {
    pub backend: Backend,
    pub host: Host,
    /// The event that is asked for; the others lie beside it.
    pub event: EventId,
    pub guests: Vec<GuestId>,
    /// The secrets of their links, in the same order.
    pub tokens: Vec<String>,
    pub secret_key: String,
}

impl Seeded {
    /// Fills the empty database at `database`. Messages go to `smtp` once they are sent.
    pub async fn new(database: &str, smtp: &str) -> anyhow::Result<Self> {
        let secret_key = guestguard::secrets::random_token()?;
        let mut variables: HashMap<_, _> =
            serving::settings(database, &secret_key, smtp, "127.0.0.1:1").into_iter().collect();
        let redis = std::env::var("GG_REDIS_URL").context("GG_REDIS_URL is not set; run bin/bench")?;
        variables.insert("GG_REDIS_URL".into(), redis);
        let config = Config::read(&variables).map_err(|faults| anyhow!("{faults:?}"))?;
        let backend = connect::backend(&config).await?;
        guestguard::migrations::migrate(&backend.db).await?;
        let host = demo::host(&backend, EMAIL, PASSWORD).await.map_err(Error::into_cause)?;
        let event = list(&backend, &host).await.map_err(Error::into_cause)?;
        invitations::actions::issue(&backend, &host, event, &Selection::All).await.map_err(Error::into_cause)?;
        answer_half(&backend.db).await?;
        let (guests, tokens) = links(&backend, event).await?;
        let seeded = Self { backend, host, event, guests, tokens, secret_key };
        seeded.copies(EVENTS - 1).await?;
        Ok(seeded)
    }

    /// Puts so many copies of the event beside it, with guests, links, messages and answers.
    pub async fn copies(&self, many: usize) -> anyhow::Result<()> {
        for _ in 0..many {
            let mut tx = self.backend.db.begin().await?;
            for copy in COPY {
                sqlx::query(copy).bind(self.event.0).execute(&mut *tx).await?;
            }
            tx.commit().await?;
        }
        for tidy in ["drop table if exists copied", "vacuum analyze"] {
            sqlx::raw_sql(tidy).execute(&self.backend.db).await?;
        }
        Ok(())
    }
}

/// An event like the first, with all that hangs on it.
const COPY: [&str; 7] = [
    "drop table if exists copied",
    "create table copied as select g.*, gen_random_uuid() as new_id, gen_random_uuid() as link, (select gen_random_uuid() where $1 is not null) as event
        from guests g where g.event_id = $1",
    "insert into events (host_id, id, title, starts_at, time_zone, theme, created_at, updated_at)
        select e.host_id, c.event, e.title, e.starts_at, e.time_zone, e.theme, e.created_at, e.updated_at
        from events e, (select event from copied limit 1) c where e.id = $1",
    "insert into guests (host_id, event_id, id, name, email, phone, party_size, tags, note, created_at, updated_at, status, heads, activity_at)
        select host_id, event, new_id, name, email, phone, party_size, tags, note, created_at, updated_at, status, heads, activity_at
        from copied where event_id = $1",
    "insert into invitations (host_id, event_id, guest_id, id, token_hash, token_sealed, issued_at)
        select host_id, event, new_id, link, sha256(link::text::bytea), '\\x00', created_at from copied where event_id = $1",
    "insert into notifications (host_id, event_id, guest_id, id, kind, recipient, state, created_at, state_changed_at, sent_at, run_at, expires_at)
        select c.host_id, c.event, c.new_id, gen_random_uuid(), 'invitation', c.email, 'sent', c.created_at, c.created_at, c.created_at, c.created_at, c.created_at
        from copied c where c.event_id = $1",
    "with answers as (
            insert into rsvps select c.host_id, c.event, c.new_id, r.answer, r.heads, r.companions, r.message, r.answered_at, r.changed_at
            from copied c join rsvps r on r.host_id = c.host_id and r.guest_id = c.id where c.event_id = $1
            returning *
        )
        insert into rsvp_history select host_id, event_id, guest_id, gen_random_uuid(), answer, heads, companions, message, changed_at from answers",
];

/// An event with a full list.
async fn list(backend: &Backend, host: &Host) -> Result<EventId, Error> {
    let event = events::actions::create(backend, host, &event_form()).await?;
    let lines: Vec<String> = (0..GUESTS).map(|n| format!("Guest {n:04} <guest{n}@guests.example>")).collect();
    for part in lines.chunks(guests::MOST_AT_ONCE as usize) {
        guests::actions::add_pasted(backend, host, event, &part.join("\n")).await?;
    }
    Ok(event)
}

/// An event to come.
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

/// Everybody was written to, every other one answered, as after some weeks.
async fn answer_half(db: &PgPool) -> anyhow::Result<()> {
    sqlx::raw_sql(
        "update notifications set state = 'sent', sent_at = now();
        with answers as (
            insert into rsvps select host_id, event_id, id, 'attending', 2, array['Companion'], '', now(), now()
            from guests where right(name, 1) in ('0', '2', '4', '6', '8') returning *
        )
        insert into rsvp_history select host_id, event_id, guest_id, gen_random_uuid(), answer, heads, companions, message, changed_at from answers;
        update guests g set status = s.status, heads = s.heads from guest_standings s where s.host_id = g.host_id and s.id = g.id;",
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn links(backend: &Backend, event: EventId) -> anyhow::Result<(Vec<GuestId>, Vec<String>)> {
    let rows: Vec<(uuid::Uuid, uuid::Uuid, Vec<u8>)> =
        sqlx::query_as("select guest_id, id, token_sealed from invitations where event_id = $1 and ended_at is null")
            .bind(event.0)
            .fetch_all(&backend.db)
            .await?;
    let mut guests = Vec::new();
    let mut tokens = Vec::new();
    for (guest, link, sealed) in rows {
        guests.push(GuestId(guest));
        tokens.push(backend.secrets.open(&sealed, InvitationId(link).0)?);
    }
    Ok((guests, tokens))
}
