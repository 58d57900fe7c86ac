//! Sign-in.

use super::{lock, session};
use crate::{
    actors::Actor,
    audit::{self, AuditEvent},
    auth::{
        PASSWORD_LENGTH, SignInForm,
        jobs::{self, AccountEvent},
        password,
    },
    backend::Backend,
    error::Result,
    ids::{SessionId, UserId},
    problem::{FieldError, Fields, Problem, invalid},
    rate_limits::Limit,
};

struct Credentials {
    id: UserId,
    password_hash: String,
}

/// Signs in. Unknown addresses and wrong passwords get the same response in the same time. The fifth failure in a row
/// locks the password until a reset.
pub async fn sign_in(backend: &Backend, form: &SignInForm, device: &str) -> Result<SessionId> {
    let mut fields = Fields::default();
    let email = fields.required_email("email", &form.email);
    fields.require("password", &form.password);
    let email = fields.finish(email)?;
    backend.rate_limits.check(Limit::SignInAddress, &email.to_lowercase()).await?;

    let attempt = lock::reserve(backend, &email).await?;
    let account = sqlx::query_as!(
        Credentials,
        r#"select id as "id: UserId", password_hash from users where lower(email) = lower($1) and deleted_at is null"#,
        email,
    )
    .fetch_optional(&backend.db)
    .await?;
    let plausible = attempt.is_some() && form.password.chars().count() <= PASSWORD_LENGTH.1 as usize;
    let stored = account.as_ref().filter(|_| plausible).map(|account| account.password_hash.as_str());
    let matches = password::verify(&form.password, stored).await?;
    match (attempt, account) {
        (None, _) => Err(Problem::Locked.into()),
        (Some(_), Some(account)) if matches => succeed(backend, account, form, &email, device).await,
        (Some(attempt), _) => {
            let event = if attempt.locks { AccountEvent::Locked } else { AccountEvent::SignInFailed };
            jobs::enqueue(&mut *backend.db.acquire().await?, event, &email, device).await?;
            Err(rejection(attempt.locks))
        }
    }
}

async fn succeed(
    backend: &Backend,
    account: Credentials,
    form: &SignInForm,
    email: &str,
    device: &str,
) -> Result<SessionId> {
    let hash = match password::is_outdated(&account.password_hash) {
        true => password::hash(&form.password).await?,
        false => account.password_hash.clone(),
    };
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    // A concurrent reset has ended all sessions; none may start after it.
    let unchanged = sqlx::query!(
        "update users set password_hash = $2 where id = $1 and password_hash = $3",
        account.id.0,
        hash,
        account.password_hash,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if unchanged == 0 {
        return Err(rejection(false));
    }
    lock::clear(&mut tx, backend, email).await?;
    audit::record(&mut tx, now, Actor { user: account.id, device }, AuditEvent::SignedIn, "").await?;
    let session = session::insert(&mut tx, now, account.id, device).await?;
    tx.commit().await?;
    Ok(session)
}

fn rejection(locked: bool) -> crate::error::Error {
    if locked { Problem::Locked.into() } else { invalid("password", FieldError::WrongPassword).into() }
}
