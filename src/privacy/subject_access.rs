//! Subject access: everything stored about one guest.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    actors::Guest,
    backend::Backend,
    error::Result,
    events::{self, Event},
    notifications::{
        Channel, GuestMessage, NotificationState,
        suppressions::{address_hash, normalise_address},
    },
    problem::Problem,
    rsvp::Answer,
};

/// Everything stored about a guest; docs/DATA_EXPORT.md describes the fields.
#[derive(Clone, Debug, Serialize)]
pub struct GuestData {
    pub host: String,
    pub event: String,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// Including the guest.
    pub party_size: i32,
    pub tags: Vec<String>,
    /// The host's note.
    pub note: String,
    pub added_at: DateTime<Utc>,
    /// When the guest is anonymised.
    pub kept_until: DateTime<Utc>,
    /// All replies, oldest first.
    pub rsvps: Vec<GuestReply>,
    pub messages: Vec<GuestNotification>,
    pub accesses: Vec<LinkAccess>,
    pub channels: Vec<ContactChannel>,
}

#[derive(Clone, Debug, Serialize)]
pub struct GuestReply {
    pub answer: Answer,
    pub heads: i32,
    pub companions: Vec<String>,
    pub message: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize)]
pub struct GuestNotification {
    pub kind: GuestMessage,
    pub channel: Channel,
    pub recipient: String,
    pub state: NotificationState,
    pub at: DateTime<Utc>,
    /// If the provider reports it.
    pub opened_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Serialize)]
pub struct LinkAccess {
    pub at: DateTime<Utc>,
    /// "phone", "tablet", "computer" or "scanner".
    pub device: String,
}

/// An address by which the host can reach the guest.
#[derive(Clone, Debug, Serialize)]
pub struct ContactChannel {
    pub channel: Channel,
    pub address: String,
    /// The guest unsubscribed it.
    pub stopped: bool,
}

/// Everything stored about a guest, and their event.
pub async fn guest_data(backend: &Backend, guest: &Guest) -> Result<(GuestData, Event)> {
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
            let stopped = is_unsubscribed(backend, guest, &address).await?;
            channels.push(ContactChannel { channel, address, stopped });
        }
    }
    let data = GuestData {
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
        rsvps: rsvps(backend, guest).await?,
        messages: messages(backend, guest).await?,
        accesses: accesses(backend, guest).await?,
        channels,
    };
    Ok((data, event))
}

async fn is_unsubscribed(backend: &Backend, guest: &Guest, address: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (select from suppressions_of($3, $1, $2) where reason in ('unsubscribed', 'erased')) as "stopped!"
        "#,
        normalise_address(address),
        address_hash(&backend.secrets, address)?,
        guest.host().0,
    )
    .fetch_one(&backend.db)
    .await?)
}

async fn rsvps(backend: &Backend, guest: &Guest) -> Result<Vec<GuestReply>> {
    Ok(sqlx::query_as!(
        GuestReply,
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

async fn messages(backend: &Backend, guest: &Guest) -> Result<Vec<GuestNotification>> {
    Ok(sqlx::query_as!(
        GuestNotification,
        r#"
        select kind as "kind: GuestMessage", channel as "channel: Channel", recipient, state as "state: NotificationState",
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

async fn accesses(backend: &Backend, guest: &Guest) -> Result<Vec<LinkAccess>> {
    Ok(sqlx::query_as!(
        LinkAccess,
        "select opened_at as at, device from accesses
        where host_id = $1 and event_id = $2 and guest_id = $3 order by opened_at, id",
        guest.host().0,
        guest.event().0,
        guest.id().0,
    )
    .fetch_all(&backend.db)
    .await?)
}
