use sqlx::PgPool;

use super::{Guest, Token};
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    ids::{EventId, GuestId, InvitationId, UserId},
    problem::{Conflict, LinkEnd, Problem},
    secrets,
};

/// The guest whose live link carries `token`.
///
/// # Errors
/// `NotFound` for a token that was never issued, `LinkEnded` for one that was.
pub async fn guest_of(db: &PgPool, token: &Token) -> Result<Guest> {
    let row = sqlx::query!(
        r#"
        select i.host_id as "host: UserId", i.event_id as "event: EventId", i.guest_id as "guest: GuestId",
            i.id as "invitation: InvitationId", i.ended_at is not null as "ended!",
            g.deleted_at is not null as "withdrawn!"
        from invitations i
        join guests g on g.host_id = i.host_id and g.id = i.guest_id
        where i.token_hash = $1
        "#,
        secrets::token_hash(&token.0),
    )
    .fetch_optional(db)
    .await?;
    let row = row.ok_or(Problem::NotFound)?;
    if row.withdrawn {
        return Err(Problem::LinkEnded(LinkEnd::Withdrawn).into());
    }
    if row.ended {
        return Err(Problem::LinkEnded(LinkEnd::Replaced).into());
    }
    Ok(Guest { host: row.host, event: row.event, id: row.guest, invitation: row.invitation })
}

/// The personal link of one guest of `host`, for copying.
pub async fn link(backend: &Backend, host: &Host, event: EventId, guest: GuestId) -> Result<String> {
    let row = sqlx::query!(
        r#"
        select i.id as "id?: InvitationId", i.token_sealed
        from guests g
        left join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        where g.host_id = $1 and g.event_id = $2 and g.id = $3 and g.deleted_at is null
        "#,
        host.id().0,
        event.0,
        guest.0,
    )
    .fetch_optional(&backend.db)
    .await?
    .ok_or(Problem::NotFound)?;
    match (row.id, row.token_sealed) {
        (Some(id), Some(sealed)) => Ok(backend.links.invitation(&backend.secrets.open(&sealed, id.0)?)),
        _ => Err(Problem::Conflict(Conflict::NotInvited).into()),
    }
}

/// Guests of an event who have no link yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub guests: i64,
    /// Those of them with an e-mail address.
    pub mailable: i64,
    /// Links that nobody has handed over yet.
    pub by_hand: i64,
}

/// How many guests wait for an invitation.
pub async fn waiting(db: &PgPool, host: &Host, event: EventId) -> Result<Waiting> {
    let waiting = sqlx::query_as!(
        Waiting,
        r#"
        select count(*) as "guests!", count(g.email) as "mailable!",
            (select count(*) from guests l where l.host_id = $1 and l.event_id = $2 and l.deleted_at is null
                and l.status = 'link-ready') as "by_hand!"
        from guests g
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null
            and not exists (select from invitations i
                where i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null)
        "#,
        host.id().0,
        event.0,
    )
    .fetch_one(db)
    .await?;
    Ok(waiting)
}

/// A link that the host hands over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOver {
    pub guest: GuestId,
    pub name: String,
    pub phone: Option<String>,
    pub link: String,
}

/// The live links of guests without an e-mail address, by name.
pub async fn to_hand_over(backend: &Backend, host: &Host, event: EventId) -> Result<Vec<HandedOver>> {
    let rows = sqlx::query!(
        r#"
        select g.id as "guest: GuestId", g.name, g.phone, i.id as "invitation: InvitationId", i.token_sealed as "sealed!"
        from guests g
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.email is null
        order by g.name_key, g.id
        "#,
        host.id().0,
        event.0,
    )
    .fetch_all(&backend.db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let link = backend.links.invitation(&backend.secrets.open(&row.sealed, row.invitation.0)?);
            Ok(HandedOver { guest: row.guest, name: row.name, phone: row.phone, link })
        })
        .collect()
}
