//! The invitation page: everything a guest sees behind their link.

use chrono::{DateTime, Utc};

use super::Token;
use crate::{
    actors::Guest,
    backend::Backend,
    error::Result,
    events::{
        Event, Theme,
        queries::{event_of_row, select_events},
    },
    ids::{EventId, GuestId, InvitationId, UserId},
    problem::{LinkEnd, Problem},
    rsvp::{Answer, Rsvp},
    secrets,
};

#[derive(Clone, Debug)]
pub struct InvitationPage {
    pub guest: Guest,
    pub event: Event,
    pub host_name: String,
    pub guest_name: String,
    /// Largest party, the guest included.
    pub party_size: i32,
    pub rsvp: Option<Rsvp>,
    /// Free seats, counting this guest's own as free; `None` without a limit.
    pub seats_left: Option<i64>,
    pub now: DateTime<Utc>,
}

/// The page of the guest whose live link carries `token`. One statement: this is the most frequent request.
///
/// # Errors
/// `NotFound` for a token that was never issued, `LinkEnded` for one that was.
pub async fn page(backend: &Backend, token: &Token) -> Result<InvitationPage> {
    let row = select_events!(
        r#", i.host_id as "host: UserId", i.guest_id as "guest: GuestId", i.id as "invitation: InvitationId",
            i.ended_at is not null as "replaced!", g.deleted_at is not null as "withdrawn!",
            g.erased_at is not null as "erased!", g.name as guest_name, g.party_size as guest_party_size,
            u.name as host_name,
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
    Ok(InvitationPage {
        guest: Guest::of(row.host, row.id, row.guest, row.invitation),
        host_name: row.host_name,
        guest_name: row.guest_name,
        party_size: row.guest_party_size,
        rsvp,
        seats_left: row.seats_left,
        now: backend.clock.now(),
        event: event_of_row!(row),
    })
}
