//! Passwords: Argon2id hashes, and strength by zxcvbn.

use std::{sync::LazyLock, time::Duration};

use anyhow::anyhow;
use argon2::{
    Argon2,
    password_hash::{
        PasswordHasher, PasswordVerifier,
        phc::{ParamsString, PasswordHash},
    },
};
use tokio::sync::Semaphore;

use super::PASSWORD_LENGTH;
use crate::{
    error::Result,
    problem::{FieldError, Fields, Problem},
};

/// Argon2id with the crate's defaults, which are OWASP's: 19 MiB, two passes, one lane. At most two at once, so that a
/// burst of sign-ins takes neither all memory nor all cores.
static HASHERS: Semaphore = Semaphore::const_new(2);
/// Requests that may wait for a hasher; others get 503 at once.
static QUEUE: Semaphore = Semaphore::const_new(32);
/// Timeout of the wait for a hasher.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A dummy hash, verified for unknown accounts so that they take as long as known ones.
static DUMMY: LazyLock<Option<String>> = LazyLock::new(|| hash_now("nobody").ok());

/// Minimum strength by zxcvbn, 0 to 4: 3 is "safely unguessable", 10^8 guesses.
const MIN_SCORE: zxcvbn::Score = zxcvbn::Score::Three;
/// Words that attackers of this site try first.
const SITE_WORDS: [&str; 6] = ["guestguard", "guest", "guard", "guestlist", "invitation", "password"];

/// Validates a new password; `about` is public knowledge of the person.
pub fn check(fields: &mut Fields, field: &str, password: &str, about: &[&str]) {
    let (shortest, longest) = PASSWORD_LENGTH;
    match password.chars().count() as u32 {
        0 => fields.error(field, FieldError::Required),
        n if n < shortest => fields.error(field, FieldError::TooShort(shortest)),
        n if n > longest => fields.error(field, FieldError::TooLong(longest)),
        _ if is_guessable(password, about) => fields.error(field, FieldError::GuessablePassword),
        _ => {}
    }
}

fn is_guessable(password: &str, about: &[&str]) -> bool {
    let parts = about.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).filter(|part| part.len() > 2);
    let words: Vec<&str> = about.iter().copied().chain(parts).chain(SITE_WORDS).collect();
    zxcvbn::zxcvbn(password, &words).score() < MIN_SCORE
}

/// Hashes a new password into a PHC string.
pub async fn hash(password: &str) -> Result<String> {
    let password = password.to_owned();
    run(move || hash_now(&password)).await?
}

/// Whether `password` matches `stored`; takes the same time without a stored hash.
pub async fn verify(password: &str, stored: Option<&str>) -> Result<bool> {
    let (password, stored) = (password.to_owned(), stored.map(ToOwned::to_owned));
    run(move || {
        let known = stored.is_some();
        let Some(hash) = stored.as_deref().or(DUMMY.as_deref()) else { return Ok(false) };
        let hash =
            PasswordHash::new(hash).map_err(|cause| anyhow!("a stored password hash cannot be read: {cause}"))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && known)
    })
    .await?
}

/// Whether `stored` was made with other parameters than today's.
pub fn is_outdated(stored: &str) -> bool {
    let now = ParamsString::try_from(Argon2::default().params());
    match (PasswordHash::new(stored), now) {
        (Ok(hash), Ok(now)) => hash.params != now,
        _ => true,
    }
}

fn hash_now(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|cause| anyhow!("a password could not be hashed: {cause}"))?.to_string())
}

async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let busy = || Problem::Unavailable { retry_after: 2 };
    let _waiting = QUEUE.try_acquire().map_err(|_| busy())?;
    let _place =
        tokio::time::timeout(TIMEOUT, HASHERS.acquire()).await.map_err(|_| busy())?.map_err(anyhow::Error::from)?;
    Ok(tokio::task::spawn_blocking(work).await.map_err(anyhow::Error::from)?)
}
