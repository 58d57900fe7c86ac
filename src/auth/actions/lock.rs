use crate::{auth::MOST_FAILURES, backend::Backend, error::Result};

/// A comparison of passwords that was counted before it was made.
pub(super) struct Attempt {
    pub locks: bool,
}

/// Counts an attempt before its password is compared, in one statement: however many try at once, no more than five
/// passwords are ever compared. Addresses without an account are counted alike. `None` where the password is locked.
pub(super) async fn reserve(backend: &Backend, email: &str) -> Result<Option<Attempt>> {
    let failures = sqlx::query_scalar!(
        "insert into sign_in_failures as f (address_hash, failures, failed_at) values ($1, 1, $2)
        on conflict (address_hash) do update set failures = f.failures + 1, failed_at = $2 where f.failures < $3
        returning failures",
        address_hash(backend, email)?,
        backend.clock.now(),
        MOST_FAILURES,
    )
    .fetch_optional(&backend.db)
    .await?;
    Ok(failures.map(|failures| Attempt { locks: failures >= MOST_FAILURES }))
}

/// Forgets the failures of an address: its password was right, or is a new one.
pub(super) async fn clear(tx: &mut sqlx::PgConnection, backend: &Backend, email: &str) -> Result<()> {
    sqlx::query!("delete from sign_in_failures where address_hash = $1", address_hash(backend, email)?)
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets what is known of an address apart from its account: failed sign-ins, and news that nobody followed up yet.
pub(crate) async fn forget_address(tx: &mut sqlx::PgConnection, backend: &Backend, email: &str) -> Result<()> {
    clear(tx, backend, email).await?;
    crate::auth::jobs::delete_account_events(tx, email).await
}

fn address_hash(backend: &Backend, email: &str) -> Result<Vec<u8>> {
    Ok(backend.secrets.keyed_hash(format!("sign-in {}", email.to_lowercase()).as_bytes())?)
}
