//! Reads of invitations: the holder of a link, the links to share, and the plan before sending.

use sqlx::PgPool;
use strum::VariantArray;

use super::Token;
use crate::{
    actors::{Guest, Host},
    backend::Backend,
    error::Result,
    ids::{EventId, GuestId, InvitationId, UserId},
    notifications::{
        Channel,
        campaigns::warm_up,
        suppressions::{self, Reason},
    },
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
            g.deleted_at is not null as "withdrawn!", g.erased_at is not null as "erased!"
        from invitations i
        join guests g on g.host_id = i.host_id and g.id = i.guest_id
        where i.token_hash = $1
        "#,
        secrets::token_hash(&token.0),
    )
    .fetch_optional(db)
    .await?;
    let row = row.ok_or(Problem::NotFound)?;
    if let Some(end) = LinkEnd::of(row.withdrawn, row.erased, row.ended) {
        return Err(Problem::LinkEnded(end).into());
    }
    Ok(Guest::of(row.host, row.event, row.guest, row.invitation))
}

/// The personal link of one guest of `host`, for copying.
pub async fn link(backend: &Backend, host: &Host, event: EventId, guest: GuestId) -> Result<String> {
    let row = sqlx::query!(
        r#"
        select i.id as "id?: InvitationId", i.token_sealed
        from guests g
        left join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
            and g.erased_at is null
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

/// Who would get an invitation, and through which channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvitationPlan {
    pub email: i64,
    /// Those of them whose email leaves on the next days, because a new account warms up.
    pub later: i64,
    /// Guests with a phone number only: the host shares the link.
    pub phone: i64,
    /// Guests with neither.
    pub unreachable: i64,
    /// Guests whose address bounced or unsubscribed.
    pub suppressed: i64,
    /// At most 50 names of each kind.
    pub email_names: Vec<String>,
    pub phone_names: Vec<String>,
    pub unreachable_names: Vec<String>,
    pub suppressed_names: Vec<String>,
    /// Links of the whole list that wait for manual delivery.
    pub links_to_share: i64,
}

impl InvitationPlan {
    /// Guests who would get a link.
    pub fn links(&self) -> i64 {
        self.email + self.phone + self.unreachable + self.suppressed
    }
}

/// What inviting `chosen`, or every guest, would do. Guests with a link are not counted.
pub async fn plan(
    backend: &Backend,
    host: &Host,
    event: EventId,
    chosen: Option<&[GuestId]>,
) -> Result<InvitationPlan> {
    let chosen: Option<Vec<_>> = chosen.map(|ids| ids.iter().map(|id| id.0).collect());
    let mut db = backend.db.acquire().await?;
    let stopped = suppressions::suppressed_by_hash(
        &mut db,
        &backend.secrets,
        host.id(),
        event,
        &[Channel::Email],
        Reason::VARIANTS,
    )
    .await?;
    let mut plan = sqlx::query_as!(
        InvitationPlan,
        r#"
        with new as (
            select name, g.name_key,
                case when stopped then 'stopped' when email is not null then 'mail' when phone is not null then 'phone'
                    else 'nothing' end as way,
                row_number() over (partition by stopped, email is not null, phone is not null order by g.name_key) as place
            from guests g
            join guest_status st on st.host_id = g.host_id and st.event_id = g.event_id and st.guest_id = g.id
            cross join lateral (select id = any ($4) or exists (select from suppressions_of($1, lower(email), null)) as stopped) s
            where g.host_id = $1 and g.event_id = $2 and deleted_at is null and erased_at is null and st.status = 'not-invited'
                and ($3::uuid[] is null or id = any ($3))
        )
        select count(*) filter (where way = 'mail') as "email!", 0::bigint as "later!", count(*) filter (where way = 'phone') as "phone!",
            count(*) filter (where way = 'nothing') as "unreachable!",
            coalesce(array_agg(name order by name_key) filter (where way = 'mail' and place <= 50), '{}') as "email_names!",
            coalesce(array_agg(name order by name_key) filter (where way = 'phone' and place <= 50), '{}') as "phone_names!",
            coalesce(array_agg(name order by name_key) filter (where way = 'nothing' and place <= 50), '{}')
                as "unreachable_names!",
            count(*) filter (where way = 'stopped') as "suppressed!",
            coalesce(array_agg(name order by name_key) filter (where way = 'stopped' and place <= 50), '{}')
                as "suppressed_names!",
            (select count(*) from guests l
                join guest_status s on s.host_id = l.host_id and s.event_id = l.event_id and s.guest_id = l.id
                where l.host_id = $1 and l.event_id = $2 and l.deleted_at is null and l.erased_at is null
                    and s.status = 'link-ready' and l.email is null) as "links_to_share!"
        from new
        "#,
        host.id().0,
        event.0,
        chosen.as_deref(),
        &stopped as &[GuestId],
    )
    .fetch_one(&mut *db)
    .await?;
    drop(db);
    if backend.warm_up {
        plan.later = warm_up::later(&backend.db, backend.clock.now(), host.id(), plan.email).await?;
    }
    Ok(plan)
}

/// A link for manual delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkToShare {
    pub guest: GuestId,
    pub name: String,
    pub phone: Option<String>,
    pub link: String,
}

/// The live links of guests without an email address, by name.
pub async fn links_to_share(backend: &Backend, host: &Host, event: EventId) -> Result<Vec<LinkToShare>> {
    let rows = sqlx::query!(
        r#"
        select g.id as "guest: GuestId", g.name, g.phone, i.id as "invitation: InvitationId", i.token_sealed as "sealed!"
        from guests g
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.erased_at is null and g.email is null
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
            Ok(LinkToShare { guest: row.guest, name: row.name, phone: row.phone, link })
        })
        .collect()
}
