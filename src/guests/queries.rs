use sqlx::PgPool;

use super::{
    GuestDetails, Status,
    list::{GuestLine, GuestPage, ListQuery, PAGE_SIZE, Sort},
};
use crate::{
    auth::Host,
    error::Result,
    ids::{EventId, GuestId},
    problem::Problem,
};

/// The lines of one page in the order `$order`. A macro, because an index is only used for an order that stands in the
/// statement, and only whole statements are checked.
macro_rules! lines_by {
    ($order:tt, $db:ident, $host:ident, $event:ident, $query:ident) => {
        sqlx::query_as!(
            GuestLine,
            r#"
            select g.id as "id: GuestId", name, email, phone, party_size, tags, note, status as "status: Status", heads,
                (select last_error from notifications n
                    where n.host_id = $1 and n.guest_id = g.id and n.kind = 'invitation' and n.latest) as last_error,
                activity_at
            from (
                select * from guests
                where host_id = $1 and event_id = $2 and deleted_at is null
                    and ($3::guest_status is null or status = $3)
                    and ($4::text is null or $4 = any (tags))
                    and ($5::text is null or search like $5)
                order by "#
                + $order
                + r#" limit $6 offset $7
            ) g
            order by "#
                + $order,
            $host.id().0,
            $event.0,
            $query.status as Option<Status>,
            $query.tag(),
            $query.pattern(),
            PAGE_SIZE,
            $query.offset(),
        )
        .fetch_all($db)
        .await
    };
}

/// One page of the guest table of an event of `host`.
pub async fn page(db: &PgPool, host: &Host, event: EventId, query: ListQuery) -> Result<GuestPage> {
    let lines = match (query.sort, query.descending) {
        (Sort::Name, false) => lines_by!("lower(name), id", db, host, event, query),
        (Sort::Name, true) => lines_by!("lower(name) desc, id desc", db, host, event, query),
        (Sort::Status, false) => lines_by!("status, lower(name), id", db, host, event, query),
        (Sort::Status, true) => lines_by!("status desc, lower(name) desc, id desc", db, host, event, query),
        (Sort::Party, false) => lines_by!("coalesce(heads, party_size), lower(name), id", db, host, event, query),
        (Sort::Party, true) => {
            lines_by!("coalesce(heads, party_size) desc, lower(name) desc, id desc", db, host, event, query)
        }
        (Sort::Activity, false) => lines_by!("activity_at desc, id desc", db, host, event, query),
        (Sort::Activity, true) => lines_by!("activity_at, id", db, host, event, query),
    }?;
    let list = sqlx::query!(
        r#"
        select count(*) as "total!", array(
            select distinct unnest(tags) from guests
            where host_id = $1 and event_id = $2 and deleted_at is null and tags <> '{}' order by 1
        ) as "tags!"
        from guests where host_id = $1 and event_id = $2 and deleted_at is null
        "#,
        host.id().0,
        event.0,
    )
    .fetch_one(db)
    .await?;
    let matching = if query.is_filtered() { matching(db, host, event, &query).await? } else { list.total };
    Ok(GuestPage { query, lines, matching, total: list.total, tags: list.tags })
}

async fn matching(db: &PgPool, host: &Host, event: EventId, query: &ListQuery) -> Result<i64> {
    let matching = sqlx::query_scalar!(
        r#"
        select count(*) as "matching!" from guests
        where host_id = $1 and event_id = $2 and deleted_at is null
            and ($3::guest_status is null or status = $3)
            and ($4::text is null or $4 = any (tags))
            and ($5::text is null or search like $5)
        "#,
        host.id().0,
        event.0,
        query.status as Option<Status>,
        query.tag(),
        query.pattern(),
    )
    .fetch_one(db)
    .await?;
    Ok(matching)
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
