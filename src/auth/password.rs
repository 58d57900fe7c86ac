use std::sync::LazyLock;

use anyhow::anyhow;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::error::Result;

/// Argon2id with the crate's defaults, which are OWASP's: 19 MiB, two passes, one lane. Two at once at most, so that
/// a burst of sign-ins can take neither all memory nor all cores.
static HASHERS: Semaphore = Semaphore::const_new(2);

/// The hash of no password: verified for unknown accounts, so that they take as long as known ones.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_now("nobody").ok());

/// Hashes a new password into a PHC string.
pub async fn hash(password: &str) -> Result<String> {
    let password = password.to_owned();
    run(move || hash_now(&password)).await?
}

/// Whether `password` belongs to `stored`; with no stored hash the same work is done in vain.
pub async fn verify(password: &str, stored: Option<&str>) -> Result<bool> {
    let (password, stored) = (password.to_owned(), stored.map(ToOwned::to_owned));
    run(move || {
        let known = stored.is_some();
        let Some(hash) = stored.as_deref().or(NOBODY.as_deref()) else { return Ok(false) };
        let hash =
            PasswordHash::new(hash).map_err(|cause| anyhow!("a stored password hash cannot be read: {cause}"))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && known)
    })
    .await?
}

fn hash_now(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|cause| anyhow!("a password could not be hashed: {cause}"))?.to_string())
}

async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _place = HASHERS.acquire().await.map_err(anyhow::Error::from)?;
    Ok(tokio::task::spawn_blocking(work).await.map_err(anyhow::Error::from)?)
}
