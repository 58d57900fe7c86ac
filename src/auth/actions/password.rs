use sqlx::PgConnection;

use super::{
    lock,
    record::{record, record_by},
    session, token,
};
use crate::{
    auth::{
        Act, Host, PasswordForm, ProofForm, Purpose, ResetForm,
        jobs::{self, AccountEvent},
        password,
    },
    backend::Backend,
    error::Result,
    ids::{SessionId, Token, UserId},
    notifications::{self, Kind},
    problem::{FieldError, Fields, invalid},
    problem::{LinkEnd, Problem},
};

/// Sets a new password for whoever holds a reset link, unlocks it, ends all sessions and signs this browser in. All
/// other reset links are void from then on.
pub async fn reset_password(backend: &Backend, token: &Token, form: &ResetForm, device: &str) -> Result<SessionId> {
    let holder = crate::auth::queries::link_holder(backend, token, &[Purpose::Reset]).await?;
    let mut fields = Fields::default();
    password::check(&mut fields, "password", &form.password, &[&holder.name, &holder.email]);
    fields.finish(())?;
    let hash = password::hash(&form.password).await?;

    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let used = token::consume(&mut tx, now, token, &[Purpose::Reset]).await?;
    set_password(&mut tx, used.user, &hash).await?;
    lock::clear(&mut tx, backend, &holder.account_email).await?;
    // Who reads the mail of the account's address has proven it.
    sqlx::query!(
        "update users set verified_at = coalesce(verified_at, $3) where id = $1 and lower(email) = lower($2)",
        used.user.0,
        used.email,
        now,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update account_tokens set used_at = $2, token_sealed = null
        where user_id = $1 and purpose = 'reset' and used_at is null",
        used.user.0,
        now,
    )
    .execute(&mut *tx)
    .await?;
    session::end_all(&mut tx, now, used.user, None).await?;
    record_by(&mut tx, now, used.user, Act::PasswordReset, "", device).await?;
    notifications::actions::enqueue_account(
        &mut tx,
        now,
        used.user,
        Kind::PasswordChanged,
        &holder.account_email,
        None,
    )
    .await?;
    let session = session::insert(&mut tx, now, used.user, device).await?;
    tx.commit().await?;
    backend.live.sessions_ended(used.user);
    Ok(session)
}

/// Sets a new password for somebody who knows the present one, and ends all their other sessions.
pub async fn change_password(backend: &Backend, host: &Host, form: &PasswordForm) -> Result<()> {
    let mut fields = Fields::default();
    fields.given("current_password", &form.current_password);
    password::check(&mut fields, "password", &form.password, &[host.name(), host.email()]);
    fields.finish(())?;
    confirm(backend, host, &form.current_password).await?;
    let hash = password::hash(&form.password).await?;

    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    set_password(&mut tx, host.id(), &hash).await?;
    session::end_all(&mut tx, now, host.id(), Some(host.session())).await?;
    record(&mut tx, now, host, Act::PasswordChanged, "").await?;
    notifications::actions::enqueue_account(&mut tx, now, host.id(), Kind::PasswordChanged, host.email(), None).await?;
    tx.commit().await?;
    backend.live.sessions_ended(host.id());
    Ok(())
}

/// The host types their password once more, before something that asks for a recent sign-in.
pub async fn prove(backend: &Backend, host: &Host, form: &ProofForm) -> Result<()> {
    let mut fields = Fields::default();
    fields.given("current_password", &form.current_password);
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

/// Asks for the present password again. Failures count towards the lock, as at the door.
pub(super) async fn confirm(backend: &Backend, host: &Host, current: &str) -> Result<()> {
    let Some(attempt) = lock::reserve(backend, host.email()).await? else { return Err(Problem::Locked.into()) };
    let stored = sqlx::query_scalar!("select password_hash from users where id = $1", host.id().0)
        .fetch_optional(&backend.db)
        .await?;
    let right = password::verify(current, stored.as_deref()).await?;
    // Not before: a connection must not wait for a hasher.
    let mut db = backend.db.acquire().await?;
    if right {
        return lock::clear(&mut db, backend, host.email()).await;
    }
    let news = if attempt.locks { AccountEvent::Locked } else { AccountEvent::SignInFailed };
    jobs::enqueue(&mut db, news, host.email(), host.device()).await?;
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
