//! Seed: a database of a given size, with everything that pages need.

use std::collections::HashMap;

use anyhow::{Context, anyhow};
use guestguard::{
    actors::Host,
    backend::Backend,
    error::Error,
    ids::{EventId, GuestId},
    invitations::{self, Selection},
};
use server::{config::Config, connect};
use sqlx::PgPool;
use testkit::{process, seed};

/// Guests of one event.
pub const GUESTS: usize = 5_000;
/// Events of the small database; the large one has ten times as many.
pub const EVENTS: usize = 10;

/// A host with events, and what is needed to request the pages of one of them.
pub struct Seeded {
    pub backend: Backend,
    pub host: Host,
    /// The event whose pages are measured.
    pub event: EventId,
    pub guests: Vec<GuestId>,
    /// The tokens of their links, in the same order.
    pub tokens: Vec<String>,
    pub secret_key: String,
}

impl Seeded {
    /// Fills the empty `database`. Messages will be sent to `smtp`.
    pub async fn new(database: &str, smtp: &str) -> anyhow::Result<Self> {
        let secret_key = guestguard::secrets::random_token()?;
        let mut variables: HashMap<_, _> =
            process::settings(database, &secret_key, smtp, "127.0.0.1:1", "error").into_iter().collect();
        let redis = std::env::var("GG_REDIS_URL").context("GG_REDIS_URL is not set; run bin/bench")?;
        variables.insert("GG_REDIS_URL".into(), redis);
        let config = Config::read(&variables).map_err(|errors| anyhow!("{errors:?}"))?;
        let backend = connect::backend(&config).await?;
        guestguard::migrations::migrate(&backend.db).await?;
        let host = seed::host(&backend, seed::EMAIL, seed::PASSWORD).await.map_err(Error::into_cause)?;
        let event = list(&backend, &host).await.map_err(Error::into_cause)?;
        invitations::actions::issue(&backend, &host, event, &Selection::All).await.map_err(Error::into_cause)?;
        reply_for_half(&backend.db).await?;
        let links = seed::links(&backend, event).await.map_err(Error::into_cause)?;
        let (guests, tokens) = links.into_iter().map(|link| (link.guest, link.token)).unzip();
        let seeded = Self { backend, host, event, guests, tokens, secret_key };
        seeded.copies(EVENTS - 1).await?;
        Ok(seeded)
    }

    /// Copies the event `many` times, with guests, links, messages and replies.
    pub async fn copies(&self, many: usize) -> anyhow::Result<()> {
        for _ in 0..many {
            let mut tx = self.backend.db.begin().await?;
            for copy in COPY {
                sqlx::query(copy).bind(self.event.0).execute(&mut *tx).await?;
            }
            tx.commit().await?;
        }
        for sql in ["drop table if exists copied", "vacuum analyze"] {
            sqlx::raw_sql(sql).execute(&self.backend.db).await?;
        }
        Ok(())
    }
}

/// Copies an event with everything that belongs to it.
const COPY: [&str; 8] = [
    "drop table if exists copied",
    "create table copied as select g.*, gen_random_uuid() as new_id, gen_random_uuid() as link, (select gen_random_uuid() where $1 is not null) as event
        from guests g where g.event_id = $1",
    "insert into events (host_id, id, title, starts_at, time_zone, theme, created_at, updated_at)
        select e.host_id, c.event, e.title, e.starts_at, e.time_zone, e.theme, e.created_at, e.updated_at
        from events e, (select event from copied limit 1) c where e.id = $1",
    "insert into guests (host_id, event_id, id, name, email, phone, party_size, tags, note, created_at, updated_at)
        select host_id, event, new_id, name, email, phone, party_size, tags, note, created_at, updated_at
        from copied where event_id = $1",
    "insert into invitations (host_id, event_id, guest_id, id, token_hash, token_sealed, issued_at)
        select host_id, event, new_id, link, sha256(link::text::bytea), '\\x00', created_at from copied where event_id = $1",
    "insert into notifications (host_id, event_id, guest_id, id, kind, recipient, state, created_at, state_changed_at, sent_at, run_at, expires_at)
        select c.host_id, c.event, c.new_id, gen_random_uuid(), 'invitation', c.email, 'sent', c.created_at, c.created_at, c.created_at, c.created_at, c.created_at
        from copied c where c.event_id = $1",
    "with replies as (
            insert into rsvps select c.host_id, c.event, c.new_id, r.answer, r.heads, r.companions, r.message, r.answered_at, r.changed_at
            from copied c join rsvps r on r.host_id = c.host_id and r.guest_id = c.id where c.event_id = $1
            returning *
        )
        insert into rsvp_history select host_id, event_id, guest_id, gen_random_uuid(), answer, heads, companions, message, changed_at from replies",
    "insert into guest_status select s.* from current_guest_status s join copied c on c.new_id = s.guest_id where c.event_id = $1",
];

/// An event with a full list.
async fn list(backend: &Backend, host: &Host) -> Result<EventId, Error> {
    let event = seed::event(backend, host).await?;
    let lines: Vec<String> = (0..GUESTS).map(|n| format!("Guest {n:04} <guest{n}@guests.example>")).collect();
    seed::add_guests(backend, host, event, &lines).await?;
    Ok(event)
}

/// Marks every message as sent, and adds the replies of every other guest.
async fn reply_for_half(db: &PgPool) -> anyhow::Result<()> {
    sqlx::raw_sql(
        "update notifications set state = 'sent', sent_at = now();
        with replies as (
            insert into rsvps select host_id, event_id, id, 'attending', 2, array['Companion'], '', now(), now()
            from guests where right(name, 1) in ('0', '2', '4', '6', '8') returning *
        )
        insert into rsvp_history select host_id, event_id, guest_id, gen_random_uuid(), answer, heads, companions, message, changed_at from replies;
        insert into guest_status select * from current_guest_status on conflict (host_id, guest_id) do update
            set status = excluded.status, heads = excluded.heads, seats = excluded.seats;",
    )
    .execute(db)
    .await?;
    Ok(())
}
