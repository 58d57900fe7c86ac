use sqlx::PgPool;

use super::{
    GuestDetails, Status,
    list::{GuestLine, GuestPage, ListQuery, PAGE_SIZE},
};
use crate::{
    auth::Host,
    error::Result,
    ids::{EventId, GuestId},
    problem::Problem,
};

/// One page of the guest table of an event of `host`.
pub async fn page(db: &PgPool, host: &Host, event: EventId, query: ListQuery) -> Result<GuestPage> {
    let rows = sqlx::query!(
        r#"
        with list as (
            select g.id, g.name, g.email, g.phone, g.party_size, g.tags, g.note, r.heads, n.last_error,
                coalesce(r.answer, case
                    when i.id is null then 'not-invited'
                    when i.first_opened_at is not null then 'opened'
                    when n.state is null then 'link-ready'
                    when n.state in ('queued', 'sending') then 'queued'
                    when n.state in ('sent', 'delivered') then 'sent'
                    else 'failed'
                end) as status,
                greatest(g.updated_at, i.issued_at, i.last_opened_at, r.changed_at) as activity_at
            from guests g
            left join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
            left join notifications n
                on n.host_id = g.host_id and n.guest_id = g.id and n.kind = 'invitation' and n.latest
            left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
            where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null
        ), matching as (
            select * from list
            where ($3 = '' or name ilike $3 or email ilike $3 or phone ilike $3 or note ilike $3)
                and ($4 = '' or status = $4)
                and ($5 = '' or $5 = any (tags))
        )
        select id as "id: GuestId", name as "name!", email, phone, party_size as "party_size!", tags as "tags!",
            note as "note!", heads as "heads?", last_error as "last_error?", status as "status!: Status",
            activity_at as "activity_at!", count(*) over () as "matching!"
        from matching
        order by
            case when $6 = 'name' and not $7 then lower(name) end,
            case when $6 = 'name' and $7 then lower(name) end desc,
            case when $6 = 'status' and not $7 then status end,
            case when $6 = 'status' and $7 then status end desc,
            case when $6 = 'party' and not $7 then coalesce(heads, party_size) end,
            case when $6 = 'party' and $7 then coalesce(heads, party_size) end desc,
            case when $6 = 'activity' and not $7 then activity_at end desc,
            case when $6 = 'activity' and $7 then activity_at end,
            lower(name), id
        limit $8 offset $9
        "#,
        host.id().0,
        event.0,
        pattern(&query.search),
        query.status.map(Status::key).unwrap_or_default(),
        query.tag,
        query.sort.key(),
        query.descending,
        PAGE_SIZE,
        (query.page - 1) * PAGE_SIZE,
    )
    .fetch_all(db)
    .await?;
    let list = sqlx::query!(
        r#"
        select count(*) as "total!", array(
            select distinct unnest(tags) from guests
            where host_id = $1 and event_id = $2 and deleted_at is null order by 1
        ) as "tags!"
        from guests where host_id = $1 and event_id = $2 and deleted_at is null
        "#,
        host.id().0,
        event.0,
    )
    .fetch_one(db)
    .await?;
    Ok(GuestPage {
        matching: rows.first().map_or(0, |row| row.matching),
        total: list.total,
        tags: list.tags,
        lines: rows
            .into_iter()
            .map(|row| GuestLine {
                id: row.id,
                name: row.name,
                email: row.email,
                phone: row.phone,
                party_size: row.party_size,
                tags: row.tags,
                note: row.note,
                status: row.status,
                heads: row.heads,
                last_error: row.last_error,
                activity_at: row.activity_at,
            })
            .collect(),
        query,
    })
}

/// One guest of `host`.
pub async fn guest(db: &PgPool, host: &Host, event: EventId, id: GuestId) -> Result<GuestDetails> {
    let guest = sqlx::query_as!(
        GuestDetails,
        r#"
        select id as "id: GuestId", name, email, phone, party_size, tags, note
        from guests where host_id = $1 and event_id = $2 and id = $3 and deleted_at is null
        "#,
        host.id().0,
        event.0,
        id.0,
    )
    .fetch_optional(db)
    .await?;
    guest.ok_or_else(|| Problem::NotFound.into())
}

/// Which of `addresses` are on the list already; all in lower case.
pub async fn known_addresses(db: &PgPool, host: &Host, event: EventId, addresses: &[String]) -> Result<Vec<String>> {
    let known = sqlx::query_scalar!(
        r#"
        select distinct lower(email) as "email!" from guests
        where host_id = $1 and event_id = $2 and deleted_at is null and lower(email) = any ($3)
        "#,
        host.id().0,
        event.0,
        addresses,
    )
    .fetch_all(db)
    .await?;
    Ok(known)
}

/// A LIKE pattern that finds `search` anywhere; empty for no search.
fn pattern(search: &str) -> String {
    if search.is_empty() {
        return String::new();
    }
    let escaped = search.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}
