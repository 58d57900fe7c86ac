//! Reads the guest table and single guests.

use sqlx::{PgPool, Postgres, QueryBuilder};

use super::{
    GuestDetails,
    list::{BulkSelection, GuestListRow, GuestPage, ListQuery, PAGE_SIZE, Reach, Sort},
};
use crate::{
    actors::Host,
    error::Result,
    ids::{EventId, GuestId},
    problem::Problem,
};

/// Guests with their status.
const FROM: &str =
    " from guests g join guest_status s on s.host_id = g.host_id and s.event_id = g.event_id and s.guest_id = g.id";

/// The columns of a [`GuestListRow`].
const COLUMNS: &str = "g.id, g.name, g.email, g.phone, g.party_size, g.tags, g.note, s.status, s.heads,
    s.last_activity_at as activity_at,
    (select n.last_error from notifications n
        where n.host_id = g.host_id and n.guest_id = g.id and n.kind = 'invitation' and n.latest) as last_error";

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
    let mut rows = rows(db, host, event, &query).await?;
    let shown = rows.len() as i64;
    // Counts only if the end of the list is not on this page.
    let matching = match (query.is_filtered(), (1..PAGE_SIZE).contains(&shown) || query.page == 1 && shown == 0) {
        (false, _) => list.total,
        (true, true) => query.offset() + shown,
        (true, false) => count(db, host, event, &query).await?,
    };
    let nobody = matching == 0 && !query.search.is_empty();
    if nobody {
        rows = similar(db, host, event, &query.search).await?;
    }
    Ok(GuestPage { query, similar: nobody && !rows.is_empty(), rows, matching, total: list.total, tags: list.tags })
}

/// The order of a view.
fn order(query: &ListQuery) -> &'static str {
    match (query.sort, query.descending) {
        (Sort::Name, false) => "name_key, guest_id",
        (Sort::Name, true) => "name_key desc, guest_id desc",
        (Sort::Status, false) => "status, name_key, guest_id",
        (Sort::Status, true) => "status desc, name_key desc, guest_id desc",
        (Sort::Party, false) => "seats, name_key, guest_id",
        (Sort::Party, true) => "seats desc, name_key desc, guest_id desc",
        (Sort::Activity, false) => "last_activity_at desc, guest_id desc",
        (Sort::Activity, true) => "last_activity_at, guest_id",
    }
}

/// `select`, followed by the ids of an event's guests that match a view's filters. Reads `guests` or `guest_status`, and both only
/// if it must, so that most views are one range of one index.
fn matching(select: &str, host: &Host, event: EventId, query: &ListQuery) -> QueryBuilder<Postgres> {
    let failed = query.reach == Some(Reach::Problem);
    let by_status = failed || query.status.is_some() || query.sort != Sort::Name;
    let mut sql = QueryBuilder::new(select);
    sql.push(match by_status {
        false => "select id as guest_id from guests g where deleted_at is null",
        true => "select guest_id from guest_status s where not deleted",
    });
    sql.push(" and host_id = ").push_bind(host.id().0).push(" and event_id = ").push_bind(event.0);
    if let Some(status) = query.status {
        sql.push(" and status = ").push_bind(status);
    }
    if failed {
        sql.push(" and status = 'failed'");
    }
    let details = |sql: &mut QueryBuilder<Postgres>| {
        if let Some(tag) = query.tag() {
            sql.push(" and ").push_bind(tag.to_owned()).push(" = any (g.tags)");
        }
        if let Some(pattern) = query.pattern() {
            sql.push(" and g.search like (select fold_accents(").push_bind(pattern).push("))");
        }
        sql.push(match query.reach {
            Some(Reach::NoEmail) => " and g.email is null",
            Some(Reach::Nothing) => " and g.email is null and g.phone is null",
            Some(Reach::Problem) | None => "",
        });
    };
    let by_details = query.tag().is_some() || !query.search.is_empty() || query.reach.is_some_and(|_| !failed);
    if by_status && by_details {
        sql.push(" and exists (select from guests g where g.host_id = s.host_id and g.event_id = s.event_id and g.id = s.guest_id");
        details(&mut sql);
        sql.push(")");
    } else {
        details(&mut sql);
    }
    sql
}

/// The rows of a view's page. Finds the page's guests by index first, then reads their columns.
async fn rows(db: &PgPool, host: &Host, event: EventId, query: &ListQuery) -> Result<Vec<GuestListRow>> {
    let select = format!("select {COLUMNS}{FROM} join unnest(array(");
    let mut sql = matching(&select, host, event, query);
    sql.push(" order by ").push(order(query)).push(" limit ").push(PAGE_SIZE);
    sql.push(" offset ")
        .push_bind(query.offset())
        .push(")) with ordinality as page (guest_id, place) on page.guest_id = g.id");
    sql.push(" where g.host_id = ").push_bind(host.id().0).push(" order by place");
    Ok(sql.build_query_as().fetch_all(db).await?)
}

async fn count(db: &PgPool, host: &Host, event: EventId, query: &ListQuery) -> Result<i64> {
    let mut sql = matching("select count(*) from (", host, event, query);
    Ok(sql.push(") matching").build_query_scalar().fetch_one(db).await?)
}

/// The guests of a bulk action, by name.
pub async fn selected(db: &PgPool, host: &Host, event: EventId, selection: BulkSelection) -> Result<Vec<GuestId>> {
    match selection {
        BulkSelection::Only(ids) => Ok(ids),
        BulkSelection::Matching(query) => {
            let mut sql = matching("", host, event, &query);
            Ok(sql.push(" order by name_key, guest_id").build_query_scalar().fetch_all(db).await?)
        }
    }
}

/// Guests with similar names, the nearest first (trigrams). Compares names only: addresses at one provider are all alike.
async fn similar(db: &PgPool, host: &Host, event: EventId, search: &str) -> Result<Vec<GuestListRow>> {
    let mut sql = QueryBuilder::<Postgres>::new("select ");
    sql.push(COLUMNS).push(FROM).push(" cross join word_similarity((select fold_accents(").push_bind(search);
    sql.push(")), split_part(g.search, E'\\n', 1)) as nearness where g.deleted_at is null and nearness > 0.3");
    sql.push(" and g.host_id = ").push_bind(host.id().0).push(" and g.event_id = ").push_bind(event.0);
    sql.push(" order by nearness desc, g.name_key, g.id limit 20");
    Ok(sql.build_query_as().fetch_all(db).await?)
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

/// Those of `addresses` that are on the guest list already; all in lower case.
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
