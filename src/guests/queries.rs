use sqlx::PgPool;

use super::{
    GuestDetails, Status,
    list::{GuestLine, GuestPage, ListQuery, PAGE_SIZE, Picked, Reach, Sort},
};
use crate::{
    auth::Host,
    error::Result,
    ids::{EventId, GuestId},
    problem::Problem,
};

const _: () = assert!(PAGE_SIZE == 50, "the statements below say so");

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
                + r#" limit 50 offset $3) page (page_id)
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
    let (mut lines, matching) = if query.is_filtered() {
        let lines = filtered(db, host, event, &query).await?;
        let shown = lines.len() as i64;
        // Only who cannot see the end of the list from here has to count it.
        let matching = match (1..PAGE_SIZE).contains(&shown) || query.page == 1 && shown == 0 {
            true => query.offset() + shown,
            false => matching(db, host, event, &query).await?,
        };
        (lines, matching)
    } else {
        (everybody(db, host, event, &query).await?, list.total)
    };
    let nobody = matching == 0 && !query.search.is_empty();
    if nobody {
        lines = similar(db, host, event, &query.search).await?;
    }
    Ok(GuestPage { query, similar: nobody && !lines.is_empty(), lines, matching, total: list.total, tags: list.tags })
}

/// `$lines!` of each order a host can ask for.
macro_rules! ordered {
    ($query:ident, $lines:ident) => {
        match ($query.sort, $query.descending) {
            (Sort::Name, false) => $lines!("name_key, id"),
            (Sort::Name, true) => $lines!("name_key desc, id desc"),
            (Sort::Status, false) => $lines!("status, name_key, id"),
            (Sort::Status, true) => $lines!("status desc, name_key desc, id desc"),
            (Sort::Party, false) => $lines!("seats, name_key, id"),
            (Sort::Party, true) => $lines!("seats desc, name_key desc, id desc"),
            (Sort::Activity, false) => $lines!("activity_at desc, id desc"),
            (Sort::Activity, true) => $lines!("activity_at, id"),
        }
    };
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
                query.offset()
            )
        };
    }
    Ok(ordered!(query, by))
}

/// The statement `$query` of the guests that a view of the table shows: `$1` to `$6` say which, further arguments follow.
macro_rules! fitting {
    ($host:ident, $event:ident, $query:ident, $macro:ident!($($output:ident,)? $head:literal, [$($tail:literal)*] $(, $argument:expr)*)) => {
        sqlx::$macro!(
            $($output,)?
            $head
                + " from guests
                where host_id = $1 and event_id = $2 and deleted_at is null
                    and ($3::guest_status is null or status = $3)
                    and ($4::text is null or $4 = any (tags))
                    and ($5::text is null or search like (select fold_accents($5)))
                    and case $6 when 'no-email' then email is null when 'nothing' then email is null and phone is null
                        when 'problem' then status = 'failed' else true end "
                $(+ $tail)*,
            $host.id().0,
            $event.0,
            $query.status as Option<Status>,
            $query.tag(),
            $query.pattern(),
            $query.reach.map_or("", Reach::key)
            $(, $argument)*
        )
    };
}

/// Who stands on the page of those whom the filters leave.
async fn filtered(db: &PgPool, host: &Host, event: EventId, query: &ListQuery) -> Result<Vec<GuestLine>> {
    macro_rules! by {
        ($order:tt) => {
            fitting!(
                host,
                event,
                query,
                query_as!(
                    GuestLine,
                    r#"
                    select g.id as "id: GuestId", name, email, phone, party_size, tags, note, status as "status: Status",
                        heads, (select last_error from notifications n where n.host_id = $1 and n.guest_id = g.id
                            and n.kind = 'invitation' and n.latest) as last_error,
                        activity_at
                    from (select id"#,
                    [
                        " order by " $order " limit 50 offset $7) page (page_id)
                    join guests g on g.host_id = $1 and g.id = page_id order by " $order
                    ],
                    query.offset()
                )
            )
            .fetch_all(db)
            .await?
        };
    }
    Ok(ordered!(query, by))
}

async fn matching(db: &PgPool, host: &Host, event: EventId, query: &ListQuery) -> Result<i64> {
    let count = fitting!(host, event, query, query_scalar!(r#"select count(*) as "matching!""#, []));
    Ok(count.fetch_one(db).await?)
}

/// The guests whom a host means, in the order of their names.
pub async fn picked(db: &PgPool, host: &Host, event: EventId, picked: Picked) -> Result<Vec<GuestId>> {
    let query = match picked {
        Picked::Only(ids) => return Ok(ids),
        Picked::Fitting(query) => query,
    };
    let query = &query;
    let ids = fitting!(host, event, query, query_scalar!(r#"select id as "id: GuestId""#, ["order by name_key, id"]));
    Ok(ids.fetch_all(db).await?)
}

/// Guests who are called nearly `search`, the nearest first (trigrams). Names only: of addresses, all at one provider are alike.
async fn similar(db: &PgPool, host: &Host, event: EventId, search: &str) -> Result<Vec<GuestLine>> {
    Ok(sqlx::query_as!(
        GuestLine,
        r#"
        select id as "id: GuestId", name, email, phone, party_size, tags, note, status as "status: Status", heads,
            null as last_error, activity_at
        from guests, word_similarity((select fold_accents($3)), split_part(search, E'\n', 1)) as nearness
        where host_id = $1 and event_id = $2 and deleted_at is null and nearness > 0.3
        order by nearness desc, name_key, id limit 20
        "#,
        host.id().0,
        event.0,
        search,
    )
    .fetch_all(db)
    .await?)
}

/// One guest of `host`.
pub async fn guest(db: &PgPool, host: &Host, event: EventId, id: GuestId) -> Result<GuestDetails> {
    let guest = sqlx::query_as!(
        GuestDetails,
        r#"
        select id as "id: GuestId", name, email, phone, party_size, tags, note, erased_at is not null as "erased!"
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
