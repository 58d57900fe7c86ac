//! What became of the messages of one event, shaped for its page.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Channel, Kind, State, reports::Health};
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    events::{self, Event},
    ids::{EventId, GuestId, NotificationId},
};

/// Messages on one page.
pub const PAGE_SIZE: i64 = 50;
/// Problems that are shown at once; the guest list filters the others.
const MOST_PROBLEMS: i64 = 50;

/// Everything the page shows.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub event: Event,
    pub figures: Vec<Figures>,
    /// Messages that did not arrive, and nothing newer was sent to that guest: something is to be done.
    pub problems: Vec<Line>,
    pub lines: Vec<Line>,
    pub total: i64,
    /// How the host's mail fares as a whole.
    pub health: Health,
    /// Messages wait because the operator holds all of them back.
    pub held: bool,
}

/// Messages of one channel by what became of them.
#[derive(Clone, Debug)]
pub struct Figures {
    pub channel: Channel,
    pub waiting: i64,
    /// So many of them wait for a later day.
    pub later: i64,
    /// Taken by the provider, whatever came after.
    pub sent: i64,
    pub delivered: i64,
    pub opened: i64,
    /// Bounced, called spam, refused or suppressed.
    pub not_delivered: i64,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: NotificationId,
    pub kind: Kind,
    pub channel: Channel,
    pub guest: GuestId,
    pub name: String,
    pub recipient: String,
    /// What the guest can be reached by now.
    pub email: Option<String>,
    pub phone: Option<String>,
    pub state: State,
    /// The server's words, or the name of a suppression's reason.
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
    pub opened_at: Option<DateTime<Utc>>,
    /// What happened, in order.
    pub steps: Vec<Step>,
}

/// One thing that happened to a message.
#[derive(Clone, Debug)]
pub struct Step {
    pub at: DateTime<Utc>,
    pub what: String,
    pub detail: String,
}

/// What became of an event's messages; the newest first, a page from 1.
pub async fn delivery(backend: &Backend, host: &Host, event: EventId, page: i64) -> Result<Delivery> {
    let found = events::queries::event(&backend.db, host, event).await?;
    let figures = figures(backend, host, event).await?;
    let total = figures.iter().map(|figures| figures.waiting + figures.sent + figures.not_delivered).sum();
    Ok(Delivery {
        problems: lines(backend, host, event, true, 0, MOST_PROBLEMS).await?,
        lines: lines(backend, host, event, false, (page.max(1) - 1) * PAGE_SIZE, PAGE_SIZE).await?,
        total,
        figures,
        health: Health::of(&backend.db, host.id(), backend.clock.now()).await?,
        held: super::postman::paused(&backend.db).await?.is_some(),
        event: found,
    })
}

async fn figures(backend: &Backend, host: &Host, event: EventId) -> Result<Vec<Figures>> {
    Ok(sqlx::query_as!(
        Figures,
        r#"
        select channel as "channel: Channel",
            count(*) filter (where state in ('queued', 'sending')) as "waiting!",
            count(*) filter (where state = 'queued' and run_at > $3) as "later!",
            count(*) filter (where state in ('sent', 'delivered')) as "sent!",
            count(*) filter (where state = 'delivered') as "delivered!",
            count(*) filter (where opened_at is not null) as "opened!",
            count(*) filter (where state in ('bounced', 'complained', 'suppressed', 'failed')) as "not_delivered!"
        from notifications where host_id = $1 and event_id = $2 and state <> 'cancelled' group by channel order by channel
        "#,
        host.id().0,
        event.0,
        backend.clock.now() + TimeDelta::hours(2),
    )
    .fetch_all(&backend.db)
    .await?)
}

struct Row {
    id: NotificationId,
    kind: Kind,
    channel: Channel,
    guest: GuestId,
    name: String,
    recipient: String,
    email: Option<String>,
    phone: Option<String>,
    state: State,
    reason: Option<String>,
    at: DateTime<Utc>,
    opened_at: Option<DateTime<Utc>>,
}

async fn lines(
    backend: &Backend,
    host: &Host,
    event: EventId,
    problems: bool,
    offset: i64,
    limit: i64,
) -> Result<Vec<Line>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select n.id as "id: NotificationId", n.kind as "kind: Kind", n.channel as "channel: Channel",
            g.id as "guest: GuestId", g.name, n.recipient, g.email, g.phone, n.state as "state: State",
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
    let mut steps = sqlx::query!(
        r#"
        select notification_id as "message: NotificationId", at, what, detail from delivery_events
        where host_id = $1 and notification_id = any ($2) order by at, id
        "#,
        host.id().0,
        &ids,
    )
    .fetch_all(&backend.db)
    .await?;
    let of = |row: Row| {
        let (mine, others) = std::mem::take(&mut steps).into_iter().partition(|step| step.message == row.id);
        steps = others;
        let Row { id, kind, channel, guest, name, recipient, email, phone, state, reason, at, opened_at } = row;
        let mine: Vec<_> = mine;
        let mine = mine.into_iter().map(|step| Step { at: step.at, what: step.what, detail: step.detail }).collect();
        Line { id, kind, channel, guest, name, recipient, email, phone, state, reason, at, opened_at, steps: mine }
    };
    Ok(rows.into_iter().map(of).collect())
}
