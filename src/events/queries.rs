//! Reads of events: the dashboard, one event, and a blank form.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use super::{DEFAULT_RETENTION_MONTHS, Event, EventFigures, EventForm, Theme};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    ids::{EventId, UserId},
    problem::Problem,
};

/// Selects all columns of events `e`, and whatever `$rest` adds before its `from`. [`event_of_row`] reads them.
macro_rules! select_events {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            r#"select e.id as "id: EventId", e.title, e.description, e.starts_at, e.ends_at, e.time_zone, e.venue, e.address,
                e.capacity, e.rsvp_deadline, e.party_size, e.theme as "theme: Theme", e.sequence, e.cancelled_at, e.retention_months,
                e.anonymise_at, e.retention_notice_at, e.anonymised_at, e.updated_at "#
                + $rest
            $(, $argument)*
        )
    };
}

/// The [`Event`] in a row of [`select_events`].
macro_rules! event_of_row {
    ($row:ident) => {
        Event {
            id: $row.id,
            title: $row.title,
            description: $row.description,
            starts_at: $row.starts_at,
            ends_at: $row.ends_at,
            time_zone: $row.time_zone,
            venue: $row.venue,
            address: $row.address,
            capacity: $row.capacity,
            rsvp_deadline: $row.rsvp_deadline,
            party_size: $row.party_size,
            theme: $row.theme,
            sequence: $row.sequence,
            cancelled_at: $row.cancelled_at,
            retention_months: $row.retention_months,
            anonymise_at: $crate::events::queries::retention_end($row.anonymise_at, $row.retention_notice_at),
            anonymised_at: $row.anonymised_at,
            updated_at: $row.updated_at,
        }
    };
}

pub(crate) use {event_of_row, select_events};

/// The end of the retention period: not before the host's notice is [`super::RETENTION_NOTICE_DAYS`] old.
pub(crate) fn retention_end(due: DateTime<Utc>, notice: Option<DateTime<Utc>>) -> DateTime<Utc> {
    notice.map_or(due, |notice| due.max(notice + TimeDelta::days(super::RETENTION_NOTICE_DAYS)))
}

/// One line of the dashboard.
#[derive(Clone, Debug)]
pub struct EventLine {
    pub event: Event,
    pub figures: EventFigures,
}

/// Upcoming events, soonest first, and past ones, latest first.
#[derive(Clone, Debug)]
pub struct Dashboard {
    pub upcoming: Vec<EventLine>,
    pub past: Vec<EventLine>,
    pub now: DateTime<Utc>,
}

pub async fn dashboard(backend: &Backend, host: &Host) -> Result<Dashboard> {
    let rows = select_events!(
        r#", g.guests as "guests!", g.invited as "invited!", g.opened as "opened!", g.attending as "attending!",
            g.heads as "heads!", g.declined as "declined!", g.maybe as "maybe!"
        from events e, lateral (
            select count(*) as guests,
                count(i.id) as invited,
                count(i.first_opened_at) as opened,
                count(*) filter (where r.answer = 'attending') as attending,
                coalesce(sum(r.heads) filter (where r.answer = 'attending'), 0) as heads,
                count(*) filter (where r.answer = 'declined') as declined,
                count(*) filter (where r.answer = 'maybe') as maybe
            from guests g
            left join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
            left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
            where g.host_id = e.host_id and g.event_id = e.id and g.deleted_at is null
        ) g
        where e.host_id = $1
        order by e.starts_at, e.id
        "#,
        host.id().0,
    )
    .fetch_all(&backend.db)
    .await?;
    let now = backend.clock.now();
    let lines = rows.into_iter().map(|row| EventLine {
        figures: EventFigures {
            guests: row.guests,
            invited: row.invited,
            opened: row.opened,
            attending: row.attending,
            heads: row.heads,
            declined: row.declined,
            maybe: row.maybe,
            awaiting: (row.invited - row.attending - row.declined - row.maybe).max(0),
        },
        event: event_of_row!(row),
    });
    let (mut past, upcoming): (Vec<_>, Vec<_>) = lines.partition(|line| line.event.is_past(now));
    past.reverse();
    Ok(Dashboard { upcoming, past, now })
}

/// One event of `host`.
pub async fn event(db: &PgPool, host: &Host, id: EventId) -> Result<Event> {
    event_of(db, host.id(), id).await
}

/// The text of the messages that the host sends; empty for the default.
pub(crate) async fn manual_delivery_text(db: &PgPool, host: &Host, id: EventId) -> Result<String> {
    let text = sqlx::query_scalar!(
        "select manual_delivery_text from events where host_id = $1 and id = $2",
        host.id().0,
        id.0
    )
    .fetch_optional(db)
    .await?;
    text.ok_or_else(|| Problem::NotFound.into())
}

/// One event of the account `host`, for callers without a session: a guest's link, a job.
pub(crate) async fn event_of(db: &PgPool, host: UserId, id: EventId) -> Result<Event> {
    let row = select_events!("from events e where e.host_id = $1 and e.id = $2", host.0, id.0)
        .fetch_optional(db)
        .await?
        .ok_or(Problem::NotFound)?;
    Ok(event_of_row!(row))
}

/// A blank form in the time zone of the host's newest event.
pub async fn blank_form(db: &PgPool, host: &Host) -> Result<EventForm> {
    let zone = sqlx::query_scalar!(
        "select time_zone from events where host_id = $1 order by created_at desc limit 1",
        host.id().0,
    )
    .fetch_optional(db)
    .await?;
    Ok(EventForm {
        time_zone: zone.unwrap_or_default(),
        party_size: "2".into(),
        retention_months: DEFAULT_RETENTION_MONTHS.to_string(),
        ..EventForm::default()
    })
}
