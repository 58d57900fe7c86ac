//! Guest list check: likely duplicates, mistyped addresses and missing contact details, before anything is sent.

use sqlx::PgPool;

use super::typos;
use crate::{
    actors::Host,
    error::Result,
    ids::{EventId, GuestId},
};

/// Most findings of a kind.
const SHOWN: i64 = 20;
/// Similarity from which two names are reported, from 0 to 1 (trigrams).
const ALIKE: f32 = 0.75;

/// A guest by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestRef {
    pub id: GuestId,
    pub name: String,
}

/// Two guests who may be the same person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub one: GuestRef,
    pub other: GuestRef,
    pub why: Alike,
}

/// What two guests have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alike {
    Email,
    Phone,
    Name,
}

/// An address that was probably mistyped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typo {
    pub guest: GuestRef,
    pub email: String,
    pub suggestion: String,
}

/// What a host should check before sending invitations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub pairs: Vec<Pair>,
    pub typos: Vec<Typo>,
    /// Guests with neither address nor number.
    pub unreachable: i64,
}

impl Findings {
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.typos.is_empty() && self.unreachable == 0
    }
}

/// Checks the guest list of an event.
pub async fn check(db: &PgPool, host: &Host, event: EventId) -> Result<Findings> {
    let unreachable = sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from guests
        where host_id = $1 and event_id = $2 and deleted_at is null and erased_at is null and email is null and phone is null
        "#,
        host.id().0,
        event.0,
    )
    .fetch_one(db)
    .await?;
    Ok(Findings { pairs: pairs(db, host, event).await?, typos: typos(db, host, event).await?, unreachable })
}

/// Guests with the same address or number, then those whose names are nearly the same. Names are compared with the ones
/// that follow them in the order of their letters, so that a long list costs little more than a short one.
async fn pairs(db: &PgPool, host: &Host, event: EventId) -> Result<Vec<Pair>> {
    let rows = sqlx::query!(
        r#"
        with list as materialized (
            select id, name, fold_accents(name) as folded, lower(email) as email, phone from guests
            where host_id = $1 and event_id = $2 and deleted_at is null and erased_at is null
        ), alike as (
            select 1 as kind, min(id::text) as one, max(id::text) as other from list
            where email is not null group by email having count(*) > 1
            union all
            select 2, min(id::text), max(id::text) from list where phone is not null group by phone having count(*) > 1
            union all
            select 3, near.one, near.other from (
                select id::text as one, folded, lead(id::text) over w as other, lead(folded) over w as next
                from list window w as (order by folded, id)
            ) near
            where near.other is not null and similarity(near.folded, near.next) >= $3
        )
        select distinct on (one.id, other.id) a.kind as "kind!", one.id as "one: GuestId", one.name as one_name,
            other.id as "other: GuestId", other.name as other_name
        from alike a
        join list one on one.id::text = a.one
        join list other on other.id::text = a.other
        order by one.id, other.id, a.kind
        limit $4
        "#,
        host.id().0,
        event.0,
        ALIKE,
        SHOWN,
    )
    .fetch_all(db)
    .await?;
    let pairs = rows.into_iter().map(|row| Pair {
        one: GuestRef { id: row.one, name: row.one_name },
        other: GuestRef { id: row.other, name: row.other_name },
        why: match row.kind {
            1 => Alike::Email,
            2 => Alike::Phone,
            _ => Alike::Name,
        },
    });
    Ok(pairs.collect())
}

async fn typos(db: &PgPool, host: &Host, event: EventId) -> Result<Vec<Typo>> {
    let addresses = sqlx::query!(
        r#"
        select id as "id: GuestId", name, email as "email!" from guests
        where host_id = $1 and event_id = $2 and deleted_at is null and erased_at is null and email is not null
        order by name_key, id
        "#,
        host.id().0,
        event.0,
    )
    .fetch_all(db)
    .await?;
    let typos = addresses.into_iter().filter_map(|row| {
        let suggestion = typos::suggestion(&row.email)?;
        Some(Typo { guest: GuestRef { id: row.id, name: row.name }, email: row.email, suggestion })
    });
    Ok(typos.take(SHOWN as usize).collect())
}
