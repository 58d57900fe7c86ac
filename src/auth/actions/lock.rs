//! Password lock: counts failed sign-ins per address.

use crate::{auth::MAX_FAILURES, backend::Backend, error::Result};

/// A counted sign-in attempt.
pub(super) struct SignInAttempt {
    pub locks: bool,
}

/// Counts an attempt before comparing its password, in one statement, so that parallel attempts compare no more than five.
/// Addresses without an account count alike. `None` if the password is locked.
pub(super) async fn reserve(backend: &Backend, email: &str) -> Result<Option<SignInAttempt>> {
    let failures = sqlx::query_scalar!(
        "insert into sign_in_failures as f (address_hash, failures, failed_at) values ($1, 1, $2)
        on conflict (address_hash) do update set failures = f.failures + 1, failed_at = $2 where f.failures < $3
        returning failures",
        address_hash(backend, email)?,
        backend.clock.now(),
        MAX_FAILURES,
    )
    .fetch_optional(&backend.db)
    .await?;
    Ok(failures.map(|failures| SignInAttempt { locks: failures >= MAX_FAILURES }))
}

/// Resets the failures of an address after a correct or new password.
pub(super) async fn clear(tx: &mut sqlx::PgConnection, backend: &Backend, email: &str) -> Result<()> {
    sqlx::query!("delete from sign_in_failures where address_hash = $1", address_hash(backend, email)?)
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes records of an address outside its account: failed sign-ins, and account events still queued.
pub(crate) async fn delete_address_records(tx: &mut sqlx::PgConnection, backend: &Backend, email: &str) -> Result<()> {
    clear(tx, backend, email).await?;
    crate::auth::jobs::delete_account_events(tx, email).await
}

fn address_hash(backend: &Backend, email: &str) -> Result<Vec<u8>> {
    Ok(backend.secrets.keyed_hash(format!("sign-in {}", email.to_lowercase()).as_bytes())?)
}
