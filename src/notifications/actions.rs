use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Kind, account_letters, mailer::SendError, templates};
use crate::{
    auth,
    backend::Backend,
    error::{Error, Result},
    guests,
    ids::{AccountTokenId, EventId, GuestId, NotificationId, UserId},
    jobs,
};

/// Puts one message for each recipient into the outbox, with the jobs that deliver them, in the caller's transaction.
pub async fn enqueue(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    host: UserId,
    event: EventId,
    kind: Kind,
    recipients: &[(GuestId, String)],
) -> Result<()> {
    if recipients.is_empty() {
        return Ok(());
    }
    let guests: Vec<_> = recipients.iter().map(|(guest, _)| guest.0).collect();
    let addresses: Vec<_> = recipients.iter().map(|(_, address)| address.clone()).collect();
    let ids: Vec<_> = recipients.iter().map(|_| NotificationId::new().0).collect();
    // What is still waiting would only repeat the new message.
    sqlx::query!(
        "update notifications set latest = false, state = case when state = 'queued' then 'cancelled' else state end
        where host_id = $1 and guest_id = any ($2) and kind = $3 and latest",
        host.0,
        &guests,
        kind.key(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into notifications (host_id, event_id, guest_id, id, kind, recipient, state, created_at,
            state_changed_at)
        select $1, $2, n.guest_id, n.id, $6, n.recipient, 'queued', $7, $7
        from unnest($3::uuid[], $4::uuid[], $5::text[]) as n (guest_id, id, recipient)",
        host.0,
        event.0,
        &guests,
        &ids,
        &addresses,
        kind.key(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    jobs::enqueue_deliveries(tx, host, &ids).await
}

/// Puts one message about an account into the outbox, with the job that delivers it, in the caller's transaction.
pub async fn enqueue_account(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    user: UserId,
    kind: Kind,
    recipient: &str,
    token: Option<AccountTokenId>,
) -> Result<()> {
    let id = NotificationId::new();
    sqlx::query!(
        "insert into notifications (host_id, id, kind, recipient, state, account_token_id, created_at, state_changed_at)
        values ($1, $2, $3, $4, 'queued', $5, $6, $6)",
        user.0,
        id.0,
        kind.key(),
        recipient,
        token.map(|token| token.0),
        now,
    )
    .execute(&mut *tx)
    .await?;
    jobs::enqueue_deliveries(tx, user, &[id.0]).await
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

/// Delivers one message: written with what is true now, sent, and its outcome recorded.
///
/// # Errors
/// A temporary refusal; the queue then tries again later. A crash after sending and before recording repeats the
/// message with the same Message-ID.
pub async fn deliver(backend: &Backend, host: UserId, id: NotificationId) -> Result<()> {
    let claimed = sqlx::query_as!(
        Claimed,
        r#"
        update notifications set state = 'sending', attempts = attempts + 1, state_changed_at = $3
        where host_id = $1 and id = $2 and state in ('queued', 'sending')
        returning event_id as "event: EventId", guest_id as "guest: GuestId", account_token_id as "token: AccountTokenId",
            kind as "kind: Kind", recipient, attempts
        "#,
        host.0,
        id.0,
        backend.clock.now(),
    )
    .fetch_optional(&backend.db)
    .await?;
    let Some(claimed) = claimed else { return Ok(()) };
    let mail = match claimed.guest {
        Some(guest) => templates::mail(backend, host, guest, id, claimed.kind, &claimed.recipient).await?,
        None => account_letters::mail(backend, host, claimed.token, id, claimed.kind, &claimed.recipient).await?,
    };
    let outcome = match mail {
        None => Outcome::Cancelled,
        Some(mail) => match backend.mailer.send(&mail).await {
            Ok(()) => Outcome::Sent,
            Err(SendError::Permanent(reason)) => Outcome::Failed(reason),
            Err(SendError::Temporary(reason)) if claimed.attempts >= jobs::MOST_ATTEMPTS => Outcome::Failed(reason),
            Err(SendError::Temporary(reason)) => Outcome::Retry(reason),
        },
    };
    record(backend, host, &claimed, id, &outcome).await?;
    if let Some(event) = claimed.event {
        backend.live.changed(event);
    }
    match outcome {
        Outcome::Retry(reason) => Err(Error::Unexpected(anyhow::anyhow!("not sent, will be tried again: {reason}"))),
        _ => Ok(()),
    }
}

/// A message that this worker delivers.
struct Claimed {
    /// Of an invitation or confirmation.
    event: Option<EventId>,
    guest: Option<GuestId>,
    /// Of a mail about an account that carries a link.
    token: Option<AccountTokenId>,
    kind: Kind,
    recipient: String,
    attempts: i32,
}

enum Outcome {
    Sent,
    /// The guest, the link or the event is gone.
    Cancelled,
    Failed(String),
    Retry(String),
}

async fn record(
    backend: &Backend,
    host: UserId,
    claimed: &Claimed,
    id: NotificationId,
    outcome: &Outcome,
) -> Result<()> {
    let (state, reason) = match outcome {
        Outcome::Sent => ("sent", None),
        Outcome::Cancelled => ("cancelled", None),
        Outcome::Failed(reason) => ("failed", Some(reason.as_str())),
        Outcome::Retry(reason) => ("queued", Some(reason.as_str())),
    };
    let mut tx = backend.db.begin().await?;
    let guest = claimed.guest.as_slice();
    guests::standing::hold(&mut tx, host, guest).await?;
    sqlx::query!(
        "update notifications set state = $3, last_error = left($4, 500), state_changed_at = $5,
            sent_at = case when $3 = 'sent' then $5 else sent_at end
        where host_id = $1 and id = $2 and state = 'sending'",
        host.0,
        id.0,
        state,
        reason,
        backend.clock.now(),
    )
    .execute(&mut *tx)
    .await?;
    guests::standing::restate(&mut tx, host, guest).await?;
    if let (Some(token), Outcome::Sent) = (claimed.token, outcome) {
        auth::actions::forget_clear_token(&mut tx, host, token).await?;
    }
    tx.commit().await?;
    Ok(())
}
