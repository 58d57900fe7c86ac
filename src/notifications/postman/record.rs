use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{claim::Claimed, deliver::Outcome, unwelcome};
use crate::{
    auth,
    backend::Backend,
    error::Result,
    guests,
    ids::{AccountTokenId, GuestId, NotificationId, UserId},
    notifications::{
        State,
        senders::{Cause, SendError},
        suppressions::{self, Reason, Scope},
    },
};

/// Backoff: a random time up to this many seconds, doubled at each try ("full jitter"), at most [`LONGEST`].
const BASE: i64 = 30;
const LONGEST: i64 = 3600;
/// How long is waited for word of a message that may have been taken, before it is sent once more.
const UNCLEAR: TimeDelta = TimeDelta::minutes(10);

/// What is noted about one try.
struct Note {
    state: State,
    words: Option<String>,
    run_at: DateTime<Utc>,
    bounce: Option<&'static str>,
    suppress: Option<(Scope, Reason)>,
}

/// Notes that a message was taken, and nothing else: until then a crash sends it twice. What follows from it is noted by
/// [`record`], or when its lease is over.
///
/// It does not wait for the disk: PostgreSQL has it, whatever becomes of us, and the next transaction that waits brings
/// this one along.
pub async fn stamp(backend: &Backend, claimed: &Claimed, provider: &str, provider_id: Option<&str>) -> Result<()> {
    sqlx::query!(
        "with hasty as (select set_config('synchronous_commit', 'off', true))
        update notifications set state = 'sent', sent_at = $4, state_changed_at = $4, provider = $5, provider_id = $6
        from hasty
        where host_id = $1 and id = $2 and state = 'sending' and lease_owner = $3",
        claimed.host.0,
        claimed.id.0,
        claimed.owner,
        backend.clock.now(),
        provider,
        provider_id,
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}

/// Notes what became of a message. Whoever no longer holds its lease says nothing about its state: others do.
pub async fn record(
    backend: &Backend,
    claimed: &Claimed,
    provider: Option<&'static str>,
    outcome: Outcome,
) -> Result<()> {
    let now = backend.clock.now();
    let provider_id = if let Outcome::Sent(id) = &outcome { id.clone() } else { None };
    let note = note(claimed, &outcome, now);
    let mut tx = backend.db.begin().await?;
    let guest = claimed.guest.as_slice();
    guests::standing::hold(&mut tx, claimed.host, guest).await?;
    let mine = sqlx::query!(
        "update notifications set state = $4, last_error = $5, state_changed_at = $6, run_at = $7, provider = coalesce($8, provider),
            provider_id = coalesce($9, provider_id), bounce_type = $10, lease_owner = null,
            lease_until = null, sent_at = case when $4 = 'sent' then $6 else sent_at end
        where host_id = $1 and id = $2 and lease_owner = $3",
        claimed.host.0,
        claimed.id.0,
        claimed.owner,
        note.state.key(),
        note.words,
        now,
        note.run_at,
        provider,
        provider_id,
        note.bounce,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if mine == 1 {
        step(&mut tx, claimed.host, claimed.id, now, note.state.key(), note.words.as_deref().unwrap_or_default())
            .await?;
    } else if let Some(id) = &provider_id {
        // Word of it was here before its answer: the two are brought together.
        sqlx::query!(
            "update notifications set provider = $3, provider_id = coalesce(provider_id, $4)
            where host_id = $1 and id = $2 and recipient <> ''",
            claimed.host.0,
            claimed.id.0,
            provider,
            id,
        )
        .execute(&mut *tx)
        .await?;
    }
    if let Some((scope, reason)) = note.suppress {
        suppressions::suppress(&mut tx, &backend.secrets, now, &claimed.recipient, scope, reason).await?;
    }
    if note.bounce == Some("soft") {
        suppressions::count_soft_bounce(&mut tx, &backend.secrets, now, &claimed.recipient).await?;
    }
    if note.bounce == Some(unwelcome::POLICY) {
        unwelcome::leave_alone(&mut tx, now, &claimed.recipient, note.words.as_deref().unwrap_or_default()).await?;
    }
    guests::standing::restate(&mut tx, claimed.host, guest).await?;
    if let (Some(token), State::Sent) = (claimed.token, note.state) {
        auth::actions::forget_clear_token(&mut tx, claimed.host, token).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Notes what follows from a message that was sent, in place of whoever sent it.
pub async fn take_up(
    backend: &Backend,
    host: UserId,
    id: NotificationId,
    guest: Option<GuestId>,
    token: Option<AccountTokenId>,
) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    guests::standing::hold(&mut tx, host, guest.as_slice()).await?;
    let mine = sqlx::query!(
        "update notifications set lease_owner = null, lease_until = null
        where host_id = $1 and id = $2 and state = 'sent' and lease_until < $3",
        host.0,
        id.0,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if mine == 1 {
        step(&mut tx, host, id, now, State::Sent.key(), "").await?;
        guests::standing::restate(&mut tx, host, guest.as_slice()).await?;
        if let Some(token) = token {
            auth::actions::forget_clear_token(&mut tx, host, token).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

fn note(claimed: &Claimed, outcome: &Outcome, now: DateTime<Utc>) -> Note {
    let ended = |state| Note { state, words: None, run_at: now, bounce: None, suppress: None };
    match outcome {
        Outcome::Sent(_) => ended(State::Sent),
        Outcome::Cancelled => ended(State::Cancelled),
        Outcome::Suppressed(reason) => Note { words: Some(reason.key().to_owned()), ..ended(State::Suppressed) },
        Outcome::NotWritten => {
            Note { words: Some("it could not be written".into()), ..again(claimed, now, TimeDelta::zero()) }
        }
        Outcome::NotSent(SendError { cause, words }) => {
            let words = Some(words.clone());
            match cause {
                Cause::Away { .. } | Cause::PutOff => Note { words, ..again(claimed, now, TimeDelta::zero()) },
                Cause::Unclear => Note { words, ..again(claimed, now, UNCLEAR) },
                Cause::Unwelcome => {
                    Note { words, bounce: Some(unwelcome::POLICY), ..again(claimed, now, unwelcome::REST) }
                }
                Cause::Refused => Note { words, ..ended(State::Failed) },
                Cause::NoSuchAddress => Note {
                    words,
                    bounce: Some("hard"),
                    suppress: Some((Scope::Everybody, Reason::HardBounce)),
                    ..ended(State::Bounced)
                },
                Cause::Stopped => {
                    Note { words, suppress: Some((Scope::Everybody, Reason::Unsubscribed)), ..ended(State::Suppressed) }
                }
            }
        }
    }
}

/// Waits for the next try, or gives up when that would come too late to be of use.
fn again(claimed: &Claimed, now: DateTime<Utc>, at_least: TimeDelta) -> Note {
    let ceiling = BASE.saturating_mul(1 << (claimed.attempts - 1).clamp(0, 20)).min(LONGEST);
    let pause = TimeDelta::milliseconds(fastrand::i64(0..=ceiling * 1000)).max(at_least);
    let run_at = now + pause;
    let state = if run_at > claimed.expires_at { State::Failed } else { State::Queued };
    Note { state, words: None, run_at, bounce: None, suppress: None }
}

/// Adds to the history of a message.
pub async fn step(
    tx: &mut PgConnection,
    host: UserId,
    id: NotificationId,
    at: DateTime<Utc>,
    what: &str,
    detail: &str,
) -> Result<()> {
    let detail: String = detail.chars().take(500).collect();
    sqlx::query!(
        "insert into delivery_events (host_id, notification_id, id, at, what, detail) values ($1, $2, $3, $4, $5, $6)",
        host.0,
        id.0,
        Uuid::now_v7(),
        at,
        what,
        detail,
    )
    .execute(tx)
    .await?;
    Ok(())
}
