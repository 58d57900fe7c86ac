//! Erasures: erases people again whom a restore brought back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    auth, billing,
    error::Error,
    guests::status::GuestTx,
    ids::{EventId, GuestId, UserId},
    privacy::erasure,
    queue,
    secrets::Secrets,
};

/// Erases everybody in the table `erasures` whose rows are back. The number of people.
pub(super) async fn erase_again(tx: &mut GuestTx, now: DateTime<Utc>, secrets: &Secrets) -> anyhow::Result<u64> {
    let guests = sqlx::query!("delete from guests g using erasures e where e.kind = 'guest' and e.id = g.id")
        .execute(&mut **tx)
        .await?;
    // First everything that belongs to an account, then the accounts whose retention was over.
    let deleted = sqlx::query!(
        r#"
        select distinct u.id as "id: UserId", u.email from users u
        join erasures e on e.kind in ('user', 'deleted-user') and e.id = u.id
        where u.deleted_at is null
        "#
    )
    .fetch_all(&mut **tx)
    .await?;
    let queue = queue::is_ready(tx).await.map_err(Error::into_cause)?;
    for host in &deleted {
        if queue {
            auth::jobs::delete_account_events(tx, &host.email).await.map_err(Error::into_cause)?;
            // The job may have been lost before it reached Stripe.
            billing::jobs::enqueue_close_customers(tx, host.id).await.map_err(Error::into_cause)?;
        }
        erasure::erase_account(tx, now, secrets, host.id).await.map_err(Error::into_cause)?;
    }
    sqlx::query!("delete from users u using erasures e where e.kind = 'user' and e.id = u.id")
        .execute(&mut **tx)
        .await?;
    let anonymous = sqlx::query!(
        r#"
        select g.host_id as "host: UserId", g.event_id as "event: EventId", g.id as "guest: GuestId"
        from guests g join erasures e on e.kind = 'anonymous-guest' and e.id = g.id
        where g.erased_at is null
        "#
    )
    .fetch_all(&mut **tx)
    .await?;
    let again = guests.rows_affected() + (deleted.len() + anonymous.len()) as u64;
    let mut by_event: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in anonymous {
        by_event.entry((row.host.0, row.event.0)).or_default().push(row.guest);
    }
    for ((host, event), guests) in by_event {
        erasure::erase_guests(tx, now, secrets, UserId(host), EventId(event), &guests)
            .await
            .map_err(Error::into_cause)?;
    }
    Ok(again)
}

/// Whether anybody was erased after `since`.
pub(super) async fn since(db: &mut PgConnection, since: DateTime<Utc>) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from erasures where at > $1)").bind(since).fetch_one(db).await
}
