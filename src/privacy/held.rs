use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    backend::Backend,
    error::Result,
    events::{self, Event},
    invitations::Guest,
    notifications::{
        Channel, Kind, State,
        suppressions::{address_hash, normal},
    },
    problem::Problem,
    rsvp::Answer,
};

/// Everything that is held about one guest, in the words of docs/DATA_EXPORT.md.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    pub host: String,
    pub event: String,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Seats that they may take, themselves included.
    pub party_size: i32,
    pub tags: Vec<String>,
    /// What the host wrote down about them.
    pub note: String,
    pub added_at: DateTime<Utc>,
    /// By then they are made anonymous.
    pub kept_until: DateTime<Utc>,
    pub answers: Vec<HeldAnswer>,
    pub messages: Vec<HeldMessage>,
    pub openings: Vec<HeldOpening>,
    pub channels: Vec<HeldChannel>,
}

/// One answer that they gave.
#[derive(Clone, Debug, Serialize)]
pub struct HeldAnswer {
    pub answer: Answer,
    pub heads: i32,
    pub companions: Vec<String>,
    pub message: String,
    pub at: DateTime<Utc>,
}

/// One message to them.
#[derive(Clone, Debug, Serialize)]
pub struct HeldMessage {
    pub kind: Kind,
    pub channel: Channel,
    pub recipient: String,
    pub state: State,
    pub at: DateTime<Utc>,
    /// When it was seen to be opened, where the provider tells.
    pub opened_at: Option<DateTime<Utc>>,
}

/// One opening of their link.
#[derive(Clone, Debug, Serialize)]
pub struct HeldOpening {
    pub at: DateTime<Utc>,
    /// "phone", "tablet", "computer" or "scanner".
    pub device: String,
}

/// One way by which the host can write to them.
#[derive(Clone, Debug, Serialize)]
pub struct HeldChannel {
    pub channel: Channel,
    pub address: String,
    /// The guest stopped it.
    pub stopped: bool,
}

/// What is held about the guest who holds the link, and the event it is about.
pub async fn held(backend: &Backend, guest: &Guest) -> Result<(Held, Event)> {
    let event = events::queries::event_of(&backend.db, guest.host(), guest.event()).await?;
    let row = sqlx::query!(
        r#"
        select g.name, g.email, g.phone, g.party_size, g.tags, g.note, g.created_at, u.name as host
        from guests g join users u on u.id = g.host_id
        where g.host_id = $1 and g.id = $2 and g.deleted_at is null and g.erased_at is null
        "#,
        guest.host().0,
        guest.id().0,
    )
    .fetch_optional(&backend.db)
    .await?
    .ok_or(Problem::NotFound)?;
    let mut channels = Vec::new();
    for (channel, address) in [(Channel::Email, &row.email), (Channel::Sms, &row.phone)] {
        if let Some(address) = address.clone() {
            let stopped = is_stopped(backend, guest, &address).await?;
            channels.push(HeldChannel { channel, address, stopped });
        }
    }
    let held = Held {
        host: row.host,
        event: event.title.clone(),
        name: row.name,
        email: row.email,
        phone: row.phone,
        party_size: row.party_size,
        tags: row.tags,
        note: row.note,
        added_at: row.created_at,
        kept_until: event.anonymise_at,
        answers: answers(backend, guest).await?,
        messages: messages(backend, guest).await?,
        openings: openings(backend, guest).await?,
        channels,
    };
    Ok((held, event))
}

async fn is_stopped(backend: &Backend, guest: &Guest, address: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (select from suppressions where (address = $1 or address_hash = $2)
            and (host_id is null or host_id = $3) and reason in ('unsubscribed', 'erased')) as "stopped!"
        "#,
        normal(address),
        address_hash(&backend.secrets, address)?,
        guest.host().0,
    )
    .fetch_one(&backend.db)
    .await?)
}

async fn answers(backend: &Backend, guest: &Guest) -> Result<Vec<HeldAnswer>> {
    Ok(sqlx::query_as!(
        HeldAnswer,
        r#"
        select answer as "answer: Answer", heads, companions, message, changed_at as at from rsvp_history
        where host_id = $1 and event_id = $2 and guest_id = $3 order by changed_at, id
        "#,
        guest.host().0,
        guest.event().0,
        guest.id().0,
    )
    .fetch_all(&backend.db)
    .await?)
}

async fn messages(backend: &Backend, guest: &Guest) -> Result<Vec<HeldMessage>> {
    Ok(sqlx::query_as!(
        HeldMessage,
        r#"
        select kind as "kind: Kind", channel as "channel: Channel", recipient, state as "state: State",
            coalesce(sent_at, state_changed_at) as "at!", opened_at
        from notifications where host_id = $1 and event_id = $2 and guest_id = $3 order by created_at, id
        "#,
        guest.host().0,
        guest.event().0,
        guest.id().0,
    )
    .fetch_all(&backend.db)
    .await?)
}

async fn openings(backend: &Backend, guest: &Guest) -> Result<Vec<HeldOpening>> {
    Ok(sqlx::query_as!(
        HeldOpening,
        "select opened_at as at, device from accesses
        where host_id = $1 and event_id = $2 and guest_id = $3 order by opened_at, id",
        guest.host().0,
        guest.event().0,
        guest.id().0,
    )
    .fetch_all(&backend.db)
    .await?)
}
