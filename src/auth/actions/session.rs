//! Session verbs: touch, rotate, end, revoke.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{
    actors::{Actor, Host},
    audit::{self, AuditEvent},
    auth::{IDLE_DAYS, MAX_FAILURES, SESSION_MAX_DAYS},
    backend::Backend,
    error::Result,
    ids::{SessionId, UserId},
    notifications::{self, AccountMessage},
    problem::Problem,
};

/// Minutes after which a session's cookie is rotated.
const ROTATION_MINUTES: i64 = 15;
/// Minutes between two updates of a session's last use.
const TOUCH_MINUTES: i64 = 1;

/// Starts a session, in the transaction of the verb that signs in.
pub(super) async fn insert(tx: &mut PgConnection, now: DateTime<Utc>, user: UserId, device: &str) -> Result<SessionId> {
    let id = SessionId::new();
    sqlx::query!(
        "insert into sessions (user_id, id, device, created_at, seen_at, rotated_at, reauthenticated_at)
        values ($1, $2, left($3, 80), $4, $4, $4, $4)",
        user.0,
        id.0,
        device,
        now,
    )
    .execute(tx)
    .await?;
    Ok(id)
}

/// Updates the session's last use, at most once a minute.
pub async fn touch(backend: &Backend, host: &Host) -> Result<()> {
    let now = backend.clock.now();
    sqlx::query!(
        "update sessions set seen_at = $3 where user_id = $1 and id = $2 and seen_at < $4",
        host.id().0,
        host.session().0,
        now,
        now - TimeDelta::minutes(TOUCH_MINUTES),
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}

/// Whether this request must rotate the session's cookie. Of parallel requests, exactly one gets `true`.
pub async fn rotate(backend: &Backend, host: &Host) -> Result<bool> {
    let now = backend.clock.now();
    let due = sqlx::query!(
        "update sessions set rotated_at = $3
        where user_id = $1 and id = $2 and ended_at is null and rotated_at <= $4",
        host.id().0,
        host.session().0,
        now,
        now - TimeDelta::minutes(ROTATION_MINUTES),
    )
    .execute(&backend.db)
    .await?
    .rows_affected();
    Ok(due == 1)
}

/// Ends one session of the host: this one at sign-out, or another.
pub async fn end_session(backend: &Backend, host: &Host, session: SessionId) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let ended = sqlx::query!(
        "update sessions set ended_at = $3 where user_id = $1 and id = $2 and ended_at is null",
        host.id().0,
        session.0,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if ended == 0 {
        return Err(Problem::NotFound.into());
    }
    let event = if session == host.session() { AuditEvent::SignedOut } else { AuditEvent::SessionEnded };
    audit::record(&mut tx, now, host.actor(), event, "").await?;
    tx.commit().await?;
    backend.live.sessions_ended(host.id());
    Ok(())
}

/// Ends all sessions of the host but this one.
pub async fn end_other_sessions(backend: &Backend, host: &Host) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    end_all(&mut tx, now, host.id(), Some(host.session())).await?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::SessionEnded, "all others").await?;
    tx.commit().await?;
    backend.live.sessions_ended(host.id());
    Ok(())
}

/// Ends the sessions of an account, all `but` one.
pub(super) async fn end_all(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    user: UserId,
    but: Option<SessionId>,
) -> Result<()> {
    sqlx::query!(
        "update sessions set ended_at = $2 where user_id = $1 and ended_at is null and id is distinct from $3",
        user.0,
        now,
        but.map(|id| id.0),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Revokes a session whose replaced cookie was reused, because somebody has a copy, and notifies the host.
pub async fn revoke_reused(backend: &Backend, session: SessionId, device: &str) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let revoked = sqlx::query!(
        r#"
        update sessions s set ended_at = $2 from users u
        where s.id = $1 and s.ended_at is null and u.id = s.user_id
        returning u.id as "user: UserId", u.email
        "#,
        session.0,
        now,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(revoked) = revoked else { return Ok(()) };
    audit::record(&mut tx, now, Actor { user: revoked.user, device }, AuditEvent::SessionRevoked, "").await?;
    notifications::outbox::enqueue_account(
        &mut tx,
        now,
        revoked.user,
        AccountMessage::SessionRevoked,
        &revoked.email,
        None,
    )
    .await?;
    tx.commit().await?;
    backend.live.sessions_ended(revoked.user);
    Ok(())
}

/// Deletes expired sessions, links and failure counts. Run by the schedule.
pub async fn delete_expired(backend: &Backend) -> Result<()> {
    let now = backend.clock.now();
    sqlx::query!(
        "delete from sessions where ended_at < $1 or seen_at < $1 or created_at < $2",
        now - TimeDelta::days(IDLE_DAYS),
        now - TimeDelta::days(SESSION_MAX_DAYS),
    )
    .execute(&backend.db)
    .await?;
    sqlx::query!(
        "delete from sign_in_failures where failures < $1 and failed_at < $2",
        MAX_FAILURES,
        now - TimeDelta::days(SESSION_MAX_DAYS)
    )
    .execute(&backend.db)
    .await?;
    sqlx::query!("delete from account_tokens where expires_at < $1", now - TimeDelta::days(IDLE_DAYS))
        .execute(&backend.db)
        .await?;
    Ok(())
}
