//! Enqueue: puts notifications into the outbox, in the caller's transaction.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::NOTIFY_CHANNEL;
use crate::{
    error::Result,
    guests::status::GuestTx,
    ids::{AccountTokenId, EventId, GuestId, NotificationId, UserId},
    notifications::{AccountMessage, Channel, GuestMessage, suppressions},
    secrets::Secrets,
};

/// One message to several guests of an event, each with the address it goes to.
#[derive(Clone, Copy, Debug)]
pub struct GuestNotifications<'a> {
    pub host: UserId,
    pub event: EventId,
    pub message: GuestMessage,
    pub channel: Channel,
    pub recipients: &'a [(GuestId, String)],
}

/// Enqueues one notification for each recipient; it replaces an older one of the same kind that still waits. For suppressed
/// addresses the notification is stored as such, so that the host sees why nothing was sent. Returns how many will be sent.
pub async fn enqueue(
    tx: &mut GuestTx,
    secrets: &Secrets,
    now: DateTime<Utc>,
    notifications: GuestNotifications<'_>,
) -> Result<usize> {
    let GuestNotifications { host, event, message, channel, recipients } = notifications;
    if recipients.is_empty() {
        return Ok(0);
    }
    let guests: Vec<_> = recipients.iter().map(|(guest, _)| guest.0).collect();
    let addresses: Vec<_> = recipients.iter().map(|(_, address)| address.clone()).collect();
    let suppressed = suppressions::suppressed(tx, secrets, host, &addresses).await?;
    let reasons: Vec<_> =
        addresses.iter().map(|address| suppressed.get(address).map(|reason| reason.into_str().to_owned())).collect();
    let ids: Vec<_> = recipients.iter().map(|_| NotificationId::new().0).collect();
    let row = sqlx::query!(
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
        select count(*) filter (where state = 'queued') as "count!", pg_notify($11, '')::text as notified from new
        "#,
        host.0,
        event.0,
        &guests,
        &ids,
        &addresses,
        &reasons as &[Option<String>],
        message.into_str(),
        channel.into_str(),
        now,
        now + TimeDelta::hours(24),
        NOTIFY_CHANNEL,
    )
    .fetch_one(&mut **tx)
    .await?;
    tx.touch(host, &recipients.iter().map(|(guest, _)| *guest).collect::<Vec<_>>());
    Ok(usize::try_from(row.count).unwrap_or_default())
}

/// Enqueues one email about an account.
pub async fn enqueue_account(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    user: UserId,
    message: AccountMessage,
    recipient: &str,
    token: Option<AccountTokenId>,
) -> Result<()> {
    let lifetime = match message {
        // A link to set a password is wanted now or not at all.
        AccountMessage::Reset | AccountMessage::Locked | AccountMessage::Registered => TimeDelta::hours(1),
        // Guests are made anonymous two weeks after this notice was sent, never earlier.
        AccountMessage::RetentionNotice => TimeDelta::days(13),
        _ => TimeDelta::hours(24),
    };
    sqlx::query!(
        "insert into notifications (host_id, id, kind, recipient, state, account_token_id, created_at, state_changed_at,
            run_at, expires_at)
        values ($1, $2, $3, $4, 'queued', $5, $6, $6, $6, $7)",
        user.0,
        NotificationId::new().0,
        message.into_str(),
        recipient,
        token.map(|token| token.0),
        now,
        now + lifetime,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("select pg_notify($1, '')", NOTIFY_CHANNEL).execute(tx).await?;
    Ok(())
}

/// After a link was replaced, the email with the old one no longer tells the guest's status. An email that still waits
/// is kept: it is rendered when it is sent, with the link that is live then.
pub async fn supersede_sent_invitation(tx: &mut GuestTx, host: UserId, guest: GuestId) -> Result<()> {
    sqlx::query!(
        "update notifications set latest = false
        where host_id = $1 and guest_id = $2 and kind = 'invitation' and latest and state not in ('queued', 'sending')",
        host.0,
        guest.0,
    )
    .execute(&mut **tx)
    .await?;
    tx.touch(host, &[guest]);
    Ok(())
}
