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
const FROM: &str = " from guests g join guest_status s on s.host_id = g.host_id and s.guest_id = g.id";

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
        (Sort::Name, false) => "name_key, g.id",
        (Sort::Name, true) => "name_key desc, g.id desc",
        (Sort::Status, false) => "s.status, name_key, g.id",
        (Sort::Status, true) => "s.status desc, name_key desc, g.id desc",
        (Sort::Party, false) => "coalesce(s.heads, g.party_size), name_key, g.id",
        (Sort::Party, true) => "coalesce(s.heads, g.party_size) desc, name_key desc, g.id desc",
        (Sort::Activity, false) => "s.last_activity_at desc, g.id desc",
        (Sort::Activity, true) => "s.last_activity_at, g.id",
    }
}

/// `select` of the guests of an event that match a view's filters.
fn select(select: &str, host: &Host, event: EventId, query: &ListQuery) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(select);
    sql.push(FROM).push(" where g.deleted_at is null and g.host_id = ").push_bind(host.id().0);
    sql.push(" and g.event_id = ").push_bind(event.0);
    if let Some(status) = query.status {
        sql.push(" and s.status = ").push_bind(status);
    }
    if let Some(tag) = query.tag() {
        sql.push(" and ").push_bind(tag).push(" = any (g.tags)");
    }
    if let Some(pattern) = query.pattern() {
        sql.push(" and g.search like (select fold_accents(").push_bind(pattern).push("))");
    }
    sql.push(match query.reach {
        None => "",
        Some(Reach::NoEmail) => " and g.email is null",
        Some(Reach::Nothing) => " and g.email is null and g.phone is null",
        Some(Reach::Problem) => " and s.status = 'failed'",
    });
    sql
}

/// The rows of a view's page. Finds the page's guests by index first, then reads the rest of their columns.
async fn rows(db: &PgPool, host: &Host, event: EventId, query: &ListQuery) -> Result<Vec<GuestListRow>> {
    let mut sql = select("with page (page_id) as (select g.id", host, event, query);
    sql.push(" order by ").push(order(query)).push(" limit ").push(PAGE_SIZE);
    sql.push(" offset ").push_bind(query.offset()).push(") select ").push(COLUMNS).push(FROM);
    sql.push(" join page on g.id = page_id where g.host_id = ").push_bind(host.id().0);
    sql.push(" order by ").push(order(query));
    Ok(sql.build_query_as().fetch_all(db).await?)
}

async fn count(db: &PgPool, host: &Host, event: EventId, query: &ListQuery) -> Result<i64> {
    Ok(select("select count(*)", host, event, query).build_query_scalar().fetch_one(db).await?)
}

/// The guests of a bulk action, by name.
pub async fn selected(db: &PgPool, host: &Host, event: EventId, selection: BulkSelection) -> Result<Vec<GuestId>> {
    match selection {
        BulkSelection::Only(ids) => Ok(ids),
        BulkSelection::Matching(query) => {
            let mut sql = select("select g.id", host, event, &query);
            Ok(sql.push(" order by name_key, g.id").build_query_scalar().fetch_all(db).await?)
        }
    }
}

/// Guests with similar names, the nearest first (trigrams). Compares names only: addresses at one provider are all alike.
async fn similar(db: &PgPool, host: &Host, event: EventId, search: &str) -> Result<Vec<GuestListRow>> {
    let mut sql = QueryBuilder::<Postgres>::new("select ");
    sql.push(COLUMNS).push(FROM).push(" cross join word_similarity((select fold_accents(").push_bind(search);
    sql.push(")), split_part(g.search, E'\\n', 1)) as nearness where g.deleted_at is null and nearness > 0.3");
    sql.push(" and g.host_id = ").push_bind(host.id().0).push(" and g.event_id = ").push_bind(event.0);
    sql.push(" order by nearness desc, name_key, g.id limit 20");
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
