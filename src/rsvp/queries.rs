//! Reads of RSVPs: the overview of an event, and the history of a guest.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    Answer,
    chart::{Chart, Point},
    overview::{Activity, ActivityKind, Overview},
};
use crate::{
    actors::Host,
    error::Result,
    events::{self, EventFigures, times},
    ids::{EventId, GuestId},
};

/// Figures, chart and recent activity of one event.
pub async fn overview(db: &PgPool, host: &Host, event: EventId) -> Result<Overview> {
    let event = events::queries::event(db, host, event).await?;
    let zone = event.zone();
    Ok(Overview {
        event: event.id,
        figures: figures(db, host, event.id).await?,
        capacity: event.capacity,
        chart: chart(db, host, event.id, zone).await?,
        feed: feed(db, host, event.id, zone).await?,
    })
}

async fn figures(db: &PgPool, host: &Host, event: EventId) -> Result<EventFigures> {
    let figures = sqlx::query_as!(
        EventFigures,
        r#"
        select count(*) as "guests!", count(i.id) as "invited!", count(i.first_opened_at) as "opened!",
            count(*) filter (where r.answer = 'attending') as "attending!",
            coalesce(sum(r.heads) filter (where r.answer = 'attending'), 0) as "heads!",
            count(*) filter (where r.answer = 'declined') as "declined!",
            count(*) filter (where r.answer = 'maybe') as "maybe!",
            count(i.id) filter (where r.answer is null) as "awaiting!"
        from guests g
        left join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null
        "#,
        host.id().0,
        event.0,
    )
    .fetch_one(db)
    .await?;
    Ok(figures)
}

async fn chart(db: &PgPool, host: &Host, event: EventId, zone: Tz) -> Result<Chart> {
    let changes = sqlx::query!(
        r#"
        select c.guest_id, c.answer as "answer: Answer", c.heads, c.changed_at from rsvp_history c
        join guests g on g.host_id = c.host_id and g.id = c.guest_id and g.deleted_at is null
        where c.host_id = $1 and c.event_id = $2
        order by c.changed_at, c.id
        "#,
        host.id().0,
        event.0,
    )
    .fetch_all(db)
    .await?;
    let Some(first) = changes.first() else { return Ok(Chart::default()) };
    let invited = first_invited(db, host, event).await?.unwrap_or(first.changed_at).min(first.changed_at);
    let mut current: HashMap<Uuid, (Answer, i32)> = HashMap::new();
    let mut state = Point { at: invited.timestamp(), ..Point::default() };
    let mut points = vec![state];
    for change in &changes {
        if let Some((answer, heads)) = current.insert(change.guest_id, (change.answer, change.heads)) {
            count(&mut state, answer, heads, -1);
        }
        count(&mut state, change.answer, change.heads, 1);
        state.at = change.changed_at.timestamp();
        points.push(state);
    }
    let last = changes.last().map_or(invited, |change| change.changed_at);
    Ok(Chart { from: times::short(invited, zone), to: times::short(last, zone), points: Chart::thinned(points) })
}

/// When the first link of an event was issued. No reply is older.
async fn first_invited(db: &PgPool, host: &Host, event: EventId) -> Result<Option<DateTime<Utc>>> {
    let first = sqlx::query_scalar!(
        "select min(issued_at) from invitations where host_id = $1 and event_id = $2",
        host.id().0,
        event.0,
    )
    .fetch_one(db)
    .await?;
    Ok(first)
}

fn count(state: &mut Point, answer: Answer, heads: i32, sign: i32) {
    match answer {
        Answer::Attending => state.attending += sign * heads,
        Answer::Maybe => state.maybe += sign,
        Answer::Declined => state.declined += sign,
    }
}

async fn feed(db: &PgPool, host: &Host, event: EventId, zone: Tz) -> Result<Vec<Activity>> {
    let rows = sqlx::query!(
        r#"
        (select 'answered' as "what!", g.name as "guest!", c.changed_at as "at!", c.answer as "answer: Answer",
                c.heads as "number!: i64"
            from rsvp_history c join guests g on g.host_id = c.host_id and g.id = c.guest_id and g.deleted_at is null
            where c.host_id = $1 and c.event_id = $2 order by c.changed_at desc limit 20)
        union all
        (select 'opened', g.name, i.first_opened_at, null, 0
            from invitations i join guests g on g.host_id = i.host_id and g.id = i.guest_id and g.deleted_at is null
            where i.host_id = $1 and i.event_id = $2 and i.first_opened_at is not null
            order by i.first_opened_at desc limit 20)
        union all
        (select 'failed', g.name, n.state_changed_at, null, 0
            from notifications n join guests g on g.host_id = n.host_id and g.id = n.guest_id and g.deleted_at is null
            where n.host_id = $1 and n.event_id = $2 and n.state = 'failed' order by n.state_changed_at desc limit 20)
        union all
        (select 'invited', case when count(*) = 1 then min(g.name) else '' end, i.issued_at, null, count(*)
            from invitations i join guests g on g.host_id = i.host_id and g.id = i.guest_id and g.deleted_at is null
            where i.host_id = $1 and i.event_id = $2 group by i.issued_at order by i.issued_at desc limit 20)
        order by 3 desc limit 20
        "#,
        host.id().0,
        event.0,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Activity {
            kind: match (row.what.as_str(), row.answer) {
                ("answered", Some(answer)) => ActivityKind::Answered { answer, heads: row.number as i32 },
                ("opened", _) => ActivityKind::Opened,
                ("failed", _) => ActivityKind::Failed,
                _ => ActivityKind::Invited(row.number),
            },
            guest: row.guest,
            at: times::short(row.at, zone),
            iso: row.at.to_rfc3339(),
        })
        .collect())
}

/// One entry of the RSVP history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RsvpChange {
    pub answer: Answer,
    pub heads: i32,
    pub companions: Vec<String>,
    pub message: String,
    pub changed_at: DateTime<Utc>,
}

/// The RSVP history of one guest, newest first, at most 50.
pub async fn history(db: &PgPool, host: &Host, event: EventId, guest: GuestId) -> Result<Vec<RsvpChange>> {
    let changes = sqlx::query_as!(
        RsvpChange,
        r#"
        select answer as "answer: Answer", heads, companions, message, changed_at from rsvp_history
        where host_id = $1 and event_id = $2 and guest_id = $3
        order by changed_at desc, id desc limit 50
        "#,
        host.id().0,
        event.0,
        guest.0,
    )
    .fetch_all(db)
    .await?;
    Ok(changes)
}
