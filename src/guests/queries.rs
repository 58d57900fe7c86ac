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

/// The lines of one page, of the guests that `$page` finds. A macro, because an index is only used for an order that
/// stands in the statement, and only whole statements are checked.
macro_rules! lines {
    ($db:ident, $page:tt, $order:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            GuestLine,
            r#"
            select g.id as "id: GuestId", name, email, phone, party_size, tags, note, status as "status: Status", heads,
                (select last_error from notifications n
                    where n.host_id = $1 and n.guest_id = g.id and n.kind = 'invitation' and n.latest) as last_error,
                activity_at
            from ("#
                + $page
                + " order by "
                + $order
                + r#" limit $3 offset $4) page (page_id)
            join guests g on g.host_id = $1 and g.id = page_id
            order by "#
                + $order,
            $($argument),*
        )
        .fetch_all($db)
        .await?
    };
}

/// One page of the guest table of an event of `host`.
pub async fn page(db: &PgPool, host: &Host, event: EventId, query: ListQuery) -> Result<GuestPage> {
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
    let (lines, matching) = if query.is_filtered() {
        (filtered(db, host, event, &query).await?, matching(db, host, event, &query).await?)
    } else {
        (everybody(db, host, event, &query).await?, list.total)
    };
    Ok(GuestPage { query, lines, matching, total: list.total, tags: list.tags })
}

/// Who stands on the page follows from one index, read from its beginning or its end.
async fn everybody(db: &PgPool, host: &Host, event: EventId, query: &ListQuery) -> Result<Vec<GuestLine>> {
    macro_rules! by {
        ($order:tt) => {
            lines!(
                db,
                "select id from guests where host_id = $1 and event_id = $2 and deleted_at is null",
                $order,
                host.id().0,
                event.0,
                PAGE_SIZE,
                query.offset()
            )
        };
    }
    Ok(match (query.sort, query.descending) {
        (Sort::Name, false) => by!("name_key, id"),
        (Sort::Name, true) => by!("name_key desc, id desc"),
        (Sort::Status, false) => by!("status, name_key, id"),
        (Sort::Status, true) => by!("status desc, name_key desc, id desc"),
        (Sort::Party, false) => by!("seats, name_key, id"),
        (Sort::Party, true) => by!("seats desc, name_key desc, id desc"),
        (Sort::Activity, false) => by!("activity_at desc, id desc"),
        (Sort::Activity, true) => by!("activity_at, id"),
    })
}

/// What the filters leave is sorted, which is less work than looking for it in the order of an index.
async fn filtered(db: &PgPool, host: &Host, event: EventId, query: &ListQuery) -> Result<Vec<GuestLine>> {
    Ok(lines!(
        db,
        "select id from guests
            where host_id = $1 and event_id = $2 and deleted_at is null
                and ($5::guest_status is null or status = $5)
                and ($6::text is null or $6 = any (tags))
                and ($7::text is null or search like $7)",
        "case when $8 = 'status' and not $9 then status end,
            case when $8 = 'status' and $9 then status end desc,
            case when $8 = 'party' and not $9 then seats end,
            case when $8 = 'party' and $9 then seats end desc,
            case when $8 = 'activity' and not $9 then activity_at end desc,
            case when $8 = 'activity' and $9 then activity_at end,
            case when $8 = 'name' and $9 then name_key end desc,
            name_key, id",
        host.id().0,
        event.0,
        PAGE_SIZE,
        query.offset(),
        query.status as Option<Status>,
        query.tag(),
        query.pattern(),
        query.sort.key(),
        query.descending
    ))
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
