use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgPool;

use super::{Event, EventForm, Figures, KEPT_MONTHS_DEFAULT, Theme};
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    ids::{EventId, UserId},
    problem::Problem,
};

/// One line of the dashboard.
#[derive(Clone, Debug)]
pub struct EventLine {
    pub event: Event,
    pub figures: Figures,
}

/// The dashboard: what is to come, soonest first, and what has been, latest first.
#[derive(Clone, Debug)]
pub struct Dashboard {
    pub upcoming: Vec<EventLine>,
    pub past: Vec<EventLine>,
    pub now: DateTime<Utc>,
}

/// The dashboard of `host`.
pub async fn dashboard(backend: &Backend, host: &Host) -> Result<Dashboard> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select e.id as "id: EventId", e.title, e.description, e.starts_at, e.ends_at, e.time_zone, e.venue, e.address,
            e.capacity, e.rsvp_deadline, e.party_size, e.theme as "theme: Theme", e.sequence, e.cancelled_at,
            e.retention_months,
            greatest(e.anonymise_at, e.retention_notice_at + interval '14 days') as "anonymise_at!", e.anonymised_at, e.updated_at,
            g.guests as "guests!", g.invited as "invited!", g.opened as "opened!", g.attending as "attending!",
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
    let (mut past, upcoming): (Vec<_>, Vec<_>) =
        rows.into_iter().map(Row::line).partition(|line: &EventLine| line.event.is_past(now));
    past.reverse();
    Ok(Dashboard { upcoming, past, now })
}

/// One event of `host`.
pub async fn event(db: &PgPool, host: &Host, id: EventId) -> Result<Event> {
    event_of(db, host.id(), id).await
}

/// The words of the messages that the host sends themselves.
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

/// One event of the account `host`, for those who stand in for it: a guest's link, a job.
pub(crate) async fn event_of(db: &PgPool, host: UserId, id: EventId) -> Result<Event> {
    let event = sqlx::query_as!(
        Event,
        r#"
        select id as "id: EventId", title, description, starts_at, ends_at, time_zone, venue, address, capacity,
            rsvp_deadline, party_size, theme as "theme: Theme", sequence, cancelled_at, retention_months,
            greatest(anonymise_at, retention_notice_at + interval '14 days') as "anonymise_at!", anonymised_at, updated_at
        from events where host_id = $1 and id = $2
        "#,
        host.0,
        id.0,
    )
    .fetch_optional(db)
    .await?;
    event.ok_or_else(|| Problem::NotFound.into())
}

/// A blank form for `host`, in the time zone of the event they planned last.
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
        retention_months: KEPT_MONTHS_DEFAULT.to_string(),
        ..EventForm::default()
    })
}

struct Row {
    id: EventId,
    title: String,
    description: String,
    starts_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
    time_zone: String,
    venue: String,
    address: String,
    capacity: Option<i32>,
    rsvp_deadline: Option<NaiveDate>,
    party_size: i32,
    theme: Theme,
    sequence: i32,
    cancelled_at: Option<DateTime<Utc>>,
    retention_months: i32,
    anonymise_at: DateTime<Utc>,
    anonymised_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
    guests: i64,
    invited: i64,
    opened: i64,
    attending: i64,
    heads: i64,
    declined: i64,
    maybe: i64,
}

impl Row {
    fn line(self) -> EventLine {
        EventLine {
            figures: Figures {
                guests: self.guests,
                invited: self.invited,
                opened: self.opened,
                attending: self.attending,
                heads: self.heads,
                declined: self.declined,
                maybe: self.maybe,
                awaiting: (self.invited - self.attending - self.declined - self.maybe).max(0),
            },
            event: Event {
                id: self.id,
                title: self.title,
                description: self.description,
                starts_at: self.starts_at,
                ends_at: self.ends_at,
                time_zone: self.time_zone,
                venue: self.venue,
                address: self.address,
                capacity: self.capacity,
                rsvp_deadline: self.rsvp_deadline,
                party_size: self.party_size,
                theme: self.theme,
                sequence: self.sequence,
                cancelled_at: self.cancelled_at,
                retention_months: self.retention_months,
                anonymise_at: self.anonymise_at,
                anonymised_at: self.anonymised_at,
                updated_at: self.updated_at,
            },
        }
    }
}
