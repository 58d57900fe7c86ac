//! Delivery status of one event's messages, shaped for its page.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Channel, GuestMessage, NotificationState, outbox, provider_events::SenderReputation};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    events::{self, Event},
    ids::{EventId, GuestId, NotificationId},
};

/// Messages per page.
pub const PAGE_SIZE: i64 = 50;
/// Problems listed at once; the guest list filters for the others.
const MAX_PROBLEMS: i64 = 50;

/// Everything the page shows.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub event: Event,
    pub figures: Vec<ChannelFigures>,
    /// Messages that did not arrive and were not followed by a newer one.
    pub problems: Vec<DeliveryLine>,
    pub lines: Vec<DeliveryLine>,
    pub total: i64,
    pub reputation: SenderReputation,
    /// The operator paused all sends.
    pub paused: bool,
}

/// One channel's messages, counted by state.
#[derive(Clone, Debug)]
pub struct ChannelFigures {
    pub channel: Channel,
    pub queued: i64,
    /// Those of them that are scheduled for a later day.
    pub later: i64,
    /// Accepted by the provider, delivered or not.
    pub sent: i64,
    pub delivered: i64,
    pub opened: i64,
    /// Bounced, marked as spam, rejected or suppressed.
    pub not_delivered: i64,
}

/// One message.
#[derive(Clone, Debug)]
pub struct DeliveryLine {
    pub id: NotificationId,
    pub message: GuestMessage,
    pub channel: Channel,
    pub guest: GuestId,
    pub name: String,
    pub recipient: String,
    /// The guest's current addresses.
    pub email: Option<String>,
    pub phone: Option<String>,
    pub state: NotificationState,
    /// The server's own text, or a suppression's reason.
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
    pub opened_at: Option<DateTime<Utc>>,
    /// Oldest first.
    pub history: Vec<HistoryEntry>,
}

/// One delivery event of a message.
#[derive(Clone, Debug)]
pub struct HistoryEntry {
    pub at: DateTime<Utc>,
    pub status: String,
    pub detail: String,
}

/// The messages of an event, the newest first; `page` counts from 1.
pub async fn delivery(backend: &Backend, host: &Host, event: EventId, page: i64) -> Result<Delivery> {
    let now = backend.clock.now();
    let details = events::queries::event(&backend.db, host, event).await?;
    let figures = figures(backend, now, host, event).await?;
    let total = figures.iter().map(|figures| figures.queued + figures.sent + figures.not_delivered).sum();
    Ok(Delivery {
        problems: lines(backend, host, event, true, 0, MAX_PROBLEMS).await?,
        lines: lines(backend, host, event, false, (page.max(1) - 1) * PAGE_SIZE, PAGE_SIZE).await?,
        total,
        figures,
        reputation: SenderReputation::of(&backend.db, host.id(), now).await?,
        paused: outbox::paused(&backend.db).await?.is_some(),
        event: details,
    })
}

async fn figures(backend: &Backend, now: DateTime<Utc>, host: &Host, event: EventId) -> Result<Vec<ChannelFigures>> {
    Ok(sqlx::query_as!(
        ChannelFigures,
        r#"
        select channel as "channel: Channel",
            count(*) filter (where state in ('queued', 'sending')) as "queued!",
            count(*) filter (where state = 'queued' and run_at > $3) as "later!",
            count(*) filter (where state in ('sent', 'delivered')) as "sent!",
            count(*) filter (where state = 'delivered') as "delivered!",
            count(*) filter (where opened_at is not null) as "opened!",
            count(*) filter (where state in ('bounced', 'complained', 'suppressed', 'failed')) as "not_delivered!"
        from notifications where host_id = $1 and event_id = $2 and state <> 'cancelled' group by channel order by channel
        "#,
        host.id().0,
        event.0,
        now + TimeDelta::hours(2),
    )
    .fetch_all(&backend.db)
    .await?)
}

async fn lines(
    backend: &Backend,
    host: &Host,
    event: EventId,
    problems: bool,
    offset: i64,
    limit: i64,
) -> Result<Vec<DeliveryLine>> {
    let rows = sqlx::query!(
        r#"
        select n.id as "id: NotificationId", n.kind as "message: GuestMessage", n.channel as "channel: Channel",
            g.id as "guest: GuestId", g.name, n.recipient, g.email, g.phone, n.state as "state: NotificationState",
            n.last_error as reason, n.state_changed_at as at, n.opened_at
        from notifications n
        join guests g on g.host_id = n.host_id and g.id = n.guest_id and g.deleted_at is null
        where n.host_id = $1 and n.event_id = $2 and n.state <> 'cancelled'
            and (not $3 or n.latest and n.state in ('bounced', 'complained', 'suppressed', 'failed'))
        order by n.state_changed_at desc, n.id desc offset $4 limit $5
        "#,
        host.id().0,
        event.0,
        problems,
        offset,
        limit,
    )
    .fetch_all(&backend.db)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id.0).collect();
    let events = sqlx::query!(
        r#"
        select notification_id as "notification: NotificationId", at, status, detail from delivery_events
        where host_id = $1 and notification_id = any ($2) order by at, id
        "#,
        host.id().0,
        &ids,
    )
    .fetch_all(&backend.db)
    .await?;
    let mut histories: HashMap<NotificationId, Vec<HistoryEntry>> = HashMap::new();
    for event in events {
        let entry = HistoryEntry { at: event.at, status: event.status, detail: event.detail };
        histories.entry(event.notification).or_default().push(entry);
    }
    Ok(rows
        .into_iter()
        .map(|row| DeliveryLine {
            id: row.id,
            message: row.message,
            channel: row.channel,
            guest: row.guest,
            name: row.name,
            recipient: row.recipient,
            email: row.email,
            phone: row.phone,
            state: row.state,
            reason: row.reason,
            at: row.at,
            opened_at: row.opened_at,
            history: histories.remove(&row.id).unwrap_or_default(),
        })
        .collect())
}
