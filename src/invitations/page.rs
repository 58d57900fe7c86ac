use chrono::{DateTime, Utc};

use super::{Guest, Token};
use crate::{
    backend::Backend,
    error::Result,
    events::{Event, Theme},
    ids::{EventId, GuestId, InvitationId, UserId},
    problem::{LinkEnd, Problem},
    rsvp::{Answer, Rsvp},
    secrets,
};

/// Everything the guest's page shows.
#[derive(Clone, Debug)]
pub struct InvitationPage {
    pub guest: Guest,
    pub event: Event,
    pub host_name: String,
    pub guest_name: String,
    /// Seats the guest may take, themselves included.
    pub party_size: i32,
    pub rsvp: Option<Rsvp>,
    /// Free seats, without those this guest holds; `None`: no limit.
    pub seats_left: Option<i64>,
    pub now: DateTime<Utc>,
}

/// The page of the guest whose live link carries `token`. One statement, as nothing is asked for more often.
///
/// # Errors
/// `NotFound` for a token that was never issued, `LinkEnded` for one that was.
pub async fn page(backend: &Backend, token: &Token) -> Result<InvitationPage> {
    let row = sqlx::query!(
        r#"
        select i.host_id as "host: UserId", i.guest_id as "guest: GuestId", i.id as "invitation: InvitationId",
            i.ended_at is not null as "replaced!", g.deleted_at is not null as "withdrawn!",
            g.erased_at is not null as "erased!", g.name, g.party_size, u.name as host_name,
            e.id as "event: EventId", e.title, e.description, e.starts_at, e.ends_at, e.time_zone, e.venue, e.address,
            e.capacity, e.rsvp_deadline, e.party_size as event_party_size, e.theme as "theme: Theme", e.sequence,
            e.cancelled_at, e.retention_months,
            greatest(e.anonymise_at, e.retention_notice_at + interval '14 days') as "anonymise_at!", e.anonymised_at, e.updated_at,
            r.answer as "answer?: Answer", r.heads as "heads?", r.companions as "companions?", r.message as "message?",
            case when e.capacity is not null then e.capacity - (
                select coalesce(sum(o.heads), 0) from rsvps o
                join guests og on og.host_id = o.host_id and og.id = o.guest_id
                where o.host_id = i.host_id and o.event_id = i.event_id and o.answer = 'attending'
                    and o.guest_id <> i.guest_id and og.deleted_at is null
            ) end as seats_left
        from invitations i
        join guests g on g.host_id = i.host_id and g.id = i.guest_id
        join events e on e.host_id = i.host_id and e.id = i.event_id
        join users u on u.id = i.host_id
        left join rsvps r on r.host_id = i.host_id and r.guest_id = i.guest_id
        where i.token_hash = $1
        "#,
        secrets::token_hash(&token.0),
    )
    .fetch_optional(&backend.db)
    .await?
    .ok_or(Problem::NotFound)?;
    if let Some(end) = LinkEnd::of(row.withdrawn, row.erased, row.replaced) {
        return Err(Problem::LinkEnded(end).into());
    }
    let rsvp = Rsvp::of(row.answer, row.heads, row.companions, row.message);
    let event = Event {
        id: row.event,
        title: row.title,
        description: row.description,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        time_zone: row.time_zone,
        venue: row.venue,
        address: row.address,
        capacity: row.capacity,
        rsvp_deadline: row.rsvp_deadline,
        party_size: row.event_party_size,
        theme: row.theme,
        sequence: row.sequence,
        cancelled_at: row.cancelled_at,
        retention_months: row.retention_months,
        anonymise_at: row.anonymise_at,
        anonymised_at: row.anonymised_at,
        updated_at: row.updated_at,
    };
    Ok(InvitationPage {
        guest: Guest { host: row.host, event: row.event, id: row.guest, invitation: row.invitation },
        event,
        host_name: row.host_name,
        guest_name: row.name,
        party_size: row.party_size,
        rsvp,
        seats_left: row.seats_left,
        now: backend.clock.now(),
    })
}
