//! Recording the result of a send: new state, retry time, suppressions and delivery history.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use transports::{SendError, SendErrorKind};

use super::{claim::Claimed, delivery_events, domain_backoff};
use crate::{
    backend::Backend,
    error::Result,
    guests::status::GuestTx,
    ids::{AccountTokenId, UserId},
    notifications::{
        NotificationState,
        outbox::Content,
        suppressions::{self, Reason, Scope},
    },
};

/// The result of one attempt.
pub enum SendOutcome {
    /// Accepted by the provider, with its id for the message.
    Sent(Option<String>),
    /// The guest, the link or the event is gone.
    Cancelled,
    Suppressed(Reason),
    NotSent(SendError),
    /// It could not be rendered: our fault, or the database's.
    NotRendered,
}

/// Exponential back-off with full jitter: a random delay up to this many seconds, doubled at each attempt, at most
/// [`MAX_DELAY`].
const BASE_DELAY: i64 = 30;
const MAX_DELAY: i64 = 3600;
/// Delay before a retry when the provider may have accepted the message: its delivery report may still arrive.
const AMBIGUOUS_DELAY: TimeDelta = TimeDelta::minutes(10);

/// What changes after one attempt.
struct Transition {
    state: NotificationState,
    error: Option<String>,
    run_at: DateTime<Utc>,
    bounce: Option<&'static str>,
    suppress: Option<(Scope, Reason)>,
}

/// Marks a notification as accepted by the provider. A crash before this commits causes a duplicate, so it does nothing
/// else; [`record`], or the recovery of its lease, does the rest.
///
/// Commits without waiting for the disk: PostgreSQL has the change even if this process dies, and the next transaction that
/// waits flushes it too.
pub async fn mark_sent(
    backend: &Backend,
    now: DateTime<Utc>,
    claimed: &Claimed,
    provider: &str,
    provider_id: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "with async_commit as (select set_config('synchronous_commit', 'off', true))
        update notifications set state = 'sent', sent_at = $4, state_changed_at = $4, provider = $5, provider_id = $6
        from async_commit
        where host_id = $1 and id = $2 and state = 'sending' and lease_owner = $3",
        claimed.notification.host.0,
        claimed.notification.id.0,
        claimed.owner,
        now,
        provider,
        provider_id,
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}

/// Records the result of an attempt. A worker that lost the lease does not change the state: another one has it.
pub async fn record(
    backend: &Backend,
    claimed: &Claimed,
    provider: Option<&'static str>,
    outcome: SendOutcome,
) -> Result<()> {
    let now = backend.clock.now();
    let notification = &claimed.notification;
    let (host, id) = (notification.host, notification.id);
    let provider_id = if let SendOutcome::Sent(id) = &outcome { id.clone() } else { None };
    let new = transition(claimed, &outcome, now);
    let error = new.error.as_deref().unwrap_or_default();
    let guest = match &notification.content {
        Content::Guest { guest, .. } => Some(*guest),
        Content::Account { .. } => None,
    };
    let mut tx = GuestTx::begin(&backend.db).await?;
    tx.lock(host, guest.as_slice()).await?;
    let holds_lease = sqlx::query!(
        "update notifications set state = $4, last_error = $5, state_changed_at = $6, run_at = $7, provider = coalesce($8, provider),
            provider_id = coalesce($9, provider_id), bounce_type = $10, lease_owner = null,
            lease_until = null, sent_at = case when $4 = 'sent' then $6 else sent_at end
        where host_id = $1 and id = $2 and lease_owner = $3",
        host.0,
        id.0,
        claimed.owner,
        new.state as NotificationState,
        new.error,
        now,
        new.run_at,
        provider,
        provider_id,
        new.bounce,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if holds_lease == 1 {
        delivery_events::record(&mut tx, host, id, now, new.state.into_str(), error).await?;
    } else if let Some(provider_id) = &provider_id {
        // A delivery report came before the provider's response: store the provider's id for the next report.
        sqlx::query!(
            "update notifications set provider = $3, provider_id = coalesce(provider_id, $4)
            where host_id = $1 and id = $2 and recipient <> ''",
            host.0,
            id.0,
            provider,
            provider_id,
        )
        .execute(&mut *tx)
        .await?;
    }
    if let Some((scope, reason)) = new.suppress {
        suppressions::suppress(&mut tx, &backend.secrets, now, &notification.recipient, scope, reason).await?;
    }
    if new.bounce == Some("soft") {
        suppressions::count_soft_bounce(&mut tx, &backend.secrets, now, &notification.recipient).await?;
    }
    if new.bounce == Some(domain_backoff::POLICY) {
        domain_backoff::defer_domain(&mut tx, now, &notification.recipient, error).await?;
    }
    if let (Content::Account { token: Some(token), .. }, NotificationState::Sent) = (&notification.content, new.state) {
        clear_sealed_token(&mut tx, host, *token).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn transition(claimed: &Claimed, outcome: &SendOutcome, now: DateTime<Utc>) -> Transition {
    let ended = |state| Transition { state, error: None, run_at: now, bounce: None, suppress: None };
    match outcome {
        SendOutcome::Sent(_) => ended(NotificationState::Sent),
        SendOutcome::Cancelled => ended(NotificationState::Cancelled),
        SendOutcome::Suppressed(reason) => {
            Transition { error: Some(reason.into_str().to_owned()), ..ended(NotificationState::Suppressed) }
        }
        SendOutcome::NotRendered => {
            Transition { error: Some("it could not be rendered".into()), ..retry(claimed, now, TimeDelta::zero()) }
        }
        SendOutcome::NotSent(SendError { kind, detail }) => {
            let error = Some(detail.clone());
            match kind {
                SendErrorKind::Unavailable { .. } | SendErrorKind::Deferred => {
                    Transition { error, ..retry(claimed, now, TimeDelta::zero()) }
                }
                SendErrorKind::Ambiguous => Transition { error, ..retry(claimed, now, AMBIGUOUS_DELAY) },
                SendErrorKind::PolicyRejected => Transition {
                    error,
                    bounce: Some(domain_backoff::POLICY),
                    ..retry(claimed, now, domain_backoff::BACKOFF)
                },
                SendErrorKind::Rejected => Transition { error, ..ended(NotificationState::Failed) },
                SendErrorKind::NoSuchAddress => Transition {
                    error,
                    bounce: Some("hard"),
                    suppress: Some((Scope::Everybody, Reason::HardBounce)),
                    ..ended(NotificationState::Bounced)
                },
                SendErrorKind::OptedOut => Transition {
                    error,
                    suppress: Some((Scope::Everybody, Reason::Unsubscribed)),
                    ..ended(NotificationState::Suppressed)
                },
            }
        }
    }
}

/// Schedules the next attempt, or fails when that would be after the notification expires.
fn retry(claimed: &Claimed, now: DateTime<Utc>, at_least: TimeDelta) -> Transition {
    let ceiling = BASE_DELAY.saturating_mul(1 << (claimed.attempts - 1).clamp(0, 20)).min(MAX_DELAY);
    let delay = TimeDelta::milliseconds(fastrand::i64(0..=ceiling * 1000)).max(at_least);
    let run_at = now + delay;
    let state = if run_at > claimed.expires_at { NotificationState::Failed } else { NotificationState::Queued };
    Transition { state, error: None, run_at, bounce: None, suppress: None }
}

/// Clears the readable token of an account email that was sent: from then on only its hash is stored.
pub(super) async fn clear_sealed_token(tx: &mut PgConnection, user: UserId, id: AccountTokenId) -> Result<()> {
    sqlx::query!("update account_tokens set token_sealed = null where user_id = $1 and id = $2", user.0, id.0)
        .execute(tx)
        .await?;
    Ok(())
}
