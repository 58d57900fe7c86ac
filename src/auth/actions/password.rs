//! Password verbs: reset, change, re-authenticate.

use sqlx::PgConnection;

use super::{lock, session, token};
use crate::{
    actors::{Actor, Host},
    audit::{self, AuditEvent},
    auth::{
        PasswordForm, Purpose, ReauthenticationForm, ResetForm,
        jobs::{self, AccountEvent},
        password,
    },
    backend::Backend,
    error::Result,
    ids::{SessionId, Token, UserId},
    notifications::{self, AccountMessage},
    problem::{FieldError, Fields, LinkEnd, Problem, invalid},
};

/// Sets a new password by a reset link: unlocks it, ends all sessions, signs this browser in, and revokes all other reset
/// links.
pub async fn reset_password(backend: &Backend, token: &Token, form: &ResetForm, device: &str) -> Result<SessionId> {
    let holder = crate::auth::queries::link_holder(backend, token, &[Purpose::Reset]).await?;
    let mut fields = Fields::default();
    password::check(&mut fields, "password", &form.password, &[&holder.name, &holder.email]);
    fields.finish(())?;
    let hash = password::hash(&form.password).await?;

    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let token = token::consume(&mut tx, now, token, &[Purpose::Reset]).await?;
    set_password(&mut tx, token.user, &hash).await?;
    lock::clear(&mut tx, backend, &holder.account_email).await?;
    // Receiving the email verifies the address.
    sqlx::query!(
        "update users set verified_at = coalesce(verified_at, $3) where id = $1 and lower(email) = lower($2)",
        token.user.0,
        token.email,
        now,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update account_tokens set used_at = $2, token_sealed = null
        where user_id = $1 and purpose = 'reset' and used_at is null",
        token.user.0,
        now,
    )
    .execute(&mut *tx)
    .await?;
    session::end_all(&mut tx, now, token.user, None).await?;
    audit::record(&mut tx, now, Actor { user: token.user, device }, AuditEvent::PasswordReset, "").await?;
    notifications::outbox::enqueue_account(
        &mut tx,
        now,
        token.user,
        AccountMessage::PasswordChanged,
        &holder.account_email,
        None,
    )
    .await?;
    let session = session::insert(&mut tx, now, token.user, device).await?;
    tx.commit().await?;
    backend.live.sessions_ended(token.user);
    Ok(session)
}

/// Changes the password and ends all other sessions.
pub async fn change_password(backend: &Backend, host: &Host, form: &PasswordForm) -> Result<()> {
    let mut fields = Fields::default();
    fields.require("current_password", &form.current_password);
    password::check(&mut fields, "password", &form.password, &[host.name(), host.email()]);
    fields.finish(())?;
    confirm(backend, host, &form.current_password).await?;
    let hash = password::hash(&form.password).await?;

    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    set_password(&mut tx, host.id(), &hash).await?;
    session::end_all(&mut tx, now, host.id(), Some(host.session())).await?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::PasswordChanged, "").await?;
    notifications::outbox::enqueue_account(
        &mut tx,
        now,
        host.id(),
        AccountMessage::PasswordChanged,
        host.email(),
        None,
    )
    .await?;
    tx.commit().await?;
    backend.live.sessions_ended(host.id());
    Ok(())
}

/// Re-authenticates the host's session by their password.
pub async fn reauthenticate(backend: &Backend, host: &Host, form: &ReauthenticationForm) -> Result<()> {
    let mut fields = Fields::default();
    fields.require("current_password", &form.current_password);
    fields.finish(())?;
    confirm(backend, host, &form.current_password).await?;
    sqlx::query!(
        "update sessions set reauthenticated_at = $3 where user_id = $1 and id = $2",
        host.id().0,
        host.session().0,
        backend.clock.now(),
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}

/// Checks the current password. Failures count towards the lock, as at sign-in.
pub(super) async fn confirm(backend: &Backend, host: &Host, current: &str) -> Result<()> {
    let Some(attempt) = lock::reserve(backend, host.email()).await? else { return Err(Problem::Locked.into()) };
    let stored = sqlx::query_scalar!("select password_hash from users where id = $1", host.id().0)
        .fetch_optional(&backend.db)
        .await?;
    let matches = password::verify(current, stored.as_deref()).await?;
    // Only now: a connection must not wait for a hasher.
    let mut db = backend.db.acquire().await?;
    if matches {
        return lock::clear(&mut db, backend, host.email()).await;
    }
    let event = if attempt.locks { AccountEvent::Locked } else { AccountEvent::SignInFailed };
    jobs::enqueue(&mut db, event, host.email(), host.device()).await?;
    Err(match attempt.locks {
        true => Problem::Locked.into(),
        false => invalid("current_password", FieldError::WrongCurrentPassword).into(),
    })
}

async fn set_password(tx: &mut PgConnection, user: UserId, hash: &str) -> Result<()> {
    let changed = sqlx::query!("update users set password_hash = $2 where id = $1", user.0, hash)
        .execute(tx)
        .await?
        .rows_affected();
    if changed == 0 { Err(Problem::LinkEnded(LinkEnd::Expired).into()) } else { Ok(()) }
}
