//! Erasure: every statement that erases a person, in one place. docs/PRIVACY_DATA_MAP.md lists the columns.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    data_exports,
    error::Result,
    guests::status::GuestTx,
    ids::{EventId, GuestId, UserId},
    notifications::suppressions,
    secrets::Secrets,
};

/// Anonymises guests of one event. Their replies stay for the host's figures; queued messages are cancelled.
pub async fn erase_guests(
    tx: &mut GuestTx,
    now: DateTime<Utc>,
    secrets: &Secrets,
    host: UserId,
    event: EventId,
    ids: &[GuestId],
) -> Result<()> {
    // Event before guests, the lock order of all verbs.
    sqlx::query!("select from events where host_id = $1 and id = $2 for no key update", host.0, event.0)
        .execute(&mut **tx)
        .await?;
    tx.lock(host, ids).await?;
    let suppressed = guest_addresses(tx, host, event, ids, true).await?;
    suppressions::hash_addresses(tx, secrets, host, &suppressed).await?;
    sqlx::query!(
        "delete from import_rows r using imports i, guests g
        where i.host_id = $1 and i.event_id = $2 and r.host_id = $1 and r.import_id = i.id
            and g.host_id = $1 and g.id = any ($3)
            and (g.id in (r.guest_id, r.existing_guest_id) or lower(g.email) = lower(r.email) or g.phone = r.phone
                or g.name = any (r.cells) or g.email = any (r.cells))",
        host.0,
        event.0,
        ids as &[GuestId],
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from delivery_events s using notifications n
        where n.host_id = $1 and n.event_id = $2 and n.guest_id = any ($3) and s.host_id = $1 and s.notification_id = n.id",
        host.0,
        event.0,
        ids as &[GuestId],
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update notifications set recipient = '', last_error = null, provider_id = null, lease_owner = null,
            lease_until = null, state = case when state in ('queued', 'sending') then 'cancelled' else state end
        where host_id = $1 and event_id = $2 and guest_id = any ($3)",
        host.0,
        event.0,
        ids as &[GuestId],
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update rsvps set companions = '{}', message = '' where host_id = $1 and event_id = $2 and guest_id = any ($3)",
        host.0,
        event.0,
        ids as &[GuestId],
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update rsvp_history set companions = '{}', message = ''
        where host_id = $1 and event_id = $2 and guest_id = any ($3)",
        host.0,
        event.0,
        ids as &[GuestId],
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from accesses where host_id = $1 and event_id = $2 and guest_id = any ($3)",
        host.0,
        event.0,
        ids as &[GuestId],
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update guests set name = 'Anonymous guest', email = null, phone = null, tags = '{}', note = '', erased_at = $4,
            updated_at = $4
        where host_id = $1 and event_id = $2 and id = any ($3) and erased_at is null",
        host.0,
        event.0,
        ids as &[GuestId],
        now,
    )
    .execute(&mut **tx)
    .await?;
    // A prepared export may contain them.
    data_exports::discard(tx, &[host]).await
}

/// Addresses and phone numbers of guests, current and written to; all, or only suppressed ones.
pub async fn guest_addresses(
    tx: &mut PgConnection,
    host: UserId,
    event: EventId,
    ids: &[GuestId],
    only_suppressed: bool,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"
        with theirs as (
            select lower(email) as address from guests where host_id = $1 and id = any ($3)
            union select phone from guests where host_id = $1 and id = any ($3)
            union select lower(recipient) from notifications where host_id = $1 and event_id = $2 and guest_id = any ($3)
        )
        select address as "address!" from theirs
        where address <> '' and (not $4 or exists (select from suppressions s where s.address = theirs.address))
        "#,
        host.0,
        event.0,
        ids as &[GuestId],
        only_suppressed,
    )
    .fetch_all(tx)
    .await?)
}

/// Erases an account and its data. An anonymous row remains with Stripe's ids.
pub async fn erase_account(tx: &mut PgConnection, now: DateTime<Utc>, secrets: &Secrets, host: UserId) -> Result<()> {
    let suppressed = sqlx::query_scalar!(
        r#"
        select address as "address!" from suppressions
        where host_id is null and address in (select lower(email) from guests where host_id = $1
            union select phone from guests where host_id = $1
            union select lower(recipient) from notifications where host_id = $1
            union select lower(email) from users where id = $1)
        "#,
        host.0,
    )
    .fetch_all(&mut *tx)
    .await?;
    suppressions::hash_addresses(tx, secrets, host, &suppressed).await?;
    // From leaves to root, one statement each: cascades would search the leaves row by row.
    for statement in [
        "delete from delivery_events where host_id = $1",
        "delete from notifications where host_id = $1",
        "delete from accesses where host_id = $1",
        "delete from manual_deliveries where host_id = $1",
        "delete from rsvp_history where host_id = $1",
        "delete from rsvps where host_id = $1",
        "delete from invitations where host_id = $1",
        "delete from guest_status where host_id = $1",
        "delete from import_rows where host_id = $1",
        "delete from imports where host_id = $1",
        "delete from guests where host_id = $1",
        "delete from events where host_id = $1",
        "delete from suppressions where host_id = $1",
        "delete from account_tokens where user_id = $1",
        "delete from sessions where user_id = $1",
        "delete from audit_log where user_id = $1",
        "delete from data_exports where host_id = $1",
    ] {
        sqlx::query(statement).bind(host.0).execute(&mut *tx).await?;
    }
    // The host's suppressions are obsolete.
    sqlx::query!(
        "delete from erasure_log where entry ->> 'table' = 'suppressions' and entry -> 'row' ->> 'host_id' = $1",
        host.to_string(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update users set name = '-', email = '', password_hash = '', verified_at = null, sending_paused = null,
            deleted_at = coalesce(deleted_at, $2)
        where id = $1",
        host.0,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
