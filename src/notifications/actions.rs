use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{Channel, Kind, postman, suppressions};
use crate::{
    backend::Backend,
    error::Result,
    ids::{AccountTokenId, EventId, GuestId, NotificationId, UserId},
};

/// Puts one message for each recipient into the outbox, in the caller's transaction. Whoever must not be written to gets
/// none; their message stands there as suppressed, so that the host sees why. Returns how many will leave.
pub async fn enqueue(
    tx: &mut PgConnection,
    backend: &Backend,
    host: UserId,
    event: EventId,
    kind: Kind,
    channel: Channel,
    recipients: &[(GuestId, String)],
) -> Result<usize> {
    if recipients.is_empty() {
        return Ok(0);
    }
    let now = backend.clock.now();
    let guests: Vec<_> = recipients.iter().map(|(guest, _)| guest.0).collect();
    let addresses: Vec<_> = recipients.iter().map(|(_, address)| address.clone()).collect();
    let stopped = suppressions::stopped(tx, &backend.secrets, host, &addresses).await?;
    let reasons: Vec<_> =
        addresses.iter().map(|address| stopped.get(address).map(|reason| reason.key().to_owned())).collect();
    let ids: Vec<_> = recipients.iter().map(|_| NotificationId::new().0).collect();
    // What is still waiting would only repeat the new message.
    let new = sqlx::query!(
        r#"
        with old as (
            update notifications set latest = false, state = case when state = 'queued' then 'cancelled' else state end
            where host_id = $1 and guest_id = any ($3) and kind = $7 and latest
            returning id
        ), before as (
            select count(*) from old
        ), new as (
            insert into notifications (host_id, event_id, guest_id, id, kind, channel, recipient, state, last_error,
                created_at, state_changed_at, run_at, expires_at)
            select $1, $2, n.guest_id, n.id, $7, $8, n.recipient,
                case when n.reason is null then 'queued' else 'suppressed' end, n.reason, $9, $9, $9, $10
            from before, unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[])
                as n (guest_id, id, recipient, reason)
            returning state
        )
        select count(*) filter (where state = 'queued') as "count!", pg_notify($11, '')::text as told from new
        "#,
        host.0,
        event.0,
        &guests,
        &ids,
        &addresses,
        &reasons as &[Option<String>],
        kind.key(),
        channel.key(),
        now,
        now + TimeDelta::hours(kind.worth_hours()),
        postman::CALL,
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok(usize::try_from(new.count).unwrap_or_default())
}

/// Puts one message about an account into the outbox, in the caller's transaction.
pub async fn enqueue_account(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    user: UserId,
    kind: Kind,
    recipient: &str,
    token: Option<AccountTokenId>,
) -> Result<()> {
    sqlx::query!(
        "insert into notifications (host_id, id, kind, recipient, state, account_token_id, created_at, state_changed_at,
            run_at, expires_at)
        values ($1, $2, $3, $4, 'queued', $5, $6, $6, $6, $7)",
        user.0,
        NotificationId::new().0,
        kind.key(),
        recipient,
        token.map(|token| token.0),
        now,
        now + TimeDelta::hours(kind.worth_hours()),
    )
    .execute(&mut *tx)
    .await?;
    call(tx).await
}

/// Tells the postmen, when the transaction is through, that there is something for them.
async fn call(tx: &mut PgConnection) -> Result<()> {
    sqlx::query!("select pg_notify($1, '')", postman::CALL).execute(tx).await?;
    Ok(())
}

/// Days for which what providers told is kept: so long a report may be told again.
const REPORTS_DAYS: i64 = 90;

/// Forgets what providers told long ago. Run by the schedule.
pub async fn forget_old_reports(backend: &Backend) -> Result<()> {
    let before = backend.clock.now() - TimeDelta::days(REPORTS_DAYS);
    sqlx::query!("delete from webhook_events where received_at < $1", before).execute(&backend.db).await?;
    Ok(())
}

/// After a link was replaced, the mail that carried the old one no longer says how the guest stands. A mail that still
/// waits is kept: it is written when it leaves, with the link that is live then.
pub async fn forget_sent_invitation(tx: &mut PgConnection, host: UserId, guest: GuestId) -> Result<()> {
    sqlx::query!(
        "update notifications set latest = false
        where host_id = $1 and guest_id = $2 and kind = 'invitation' and latest and state not in ('queued', 'sending')",
        host.0,
        guest.0,
    )
    .execute(tx)
    .await?;
    Ok(())
}
