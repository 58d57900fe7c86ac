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
    problem::Problem,
    problem::{FieldError, Fields},
};

/// Argon2id with the crate's defaults, which are OWASP's: 19 MiB, two passes, one lane. Two at once at most, so that
/// a burst of sign-ins can take neither all memory nor all cores.
static HASHERS: Semaphore = Semaphore::const_new(2);
/// Those who may wait for a hasher; everybody else is sent away at once.
static QUEUE: Semaphore = Semaphore::const_new(32);
/// Longest wait for a hasher.
const PATIENCE: Duration = Duration::from_secs(2);

/// The hash of no password: verified for unknown accounts, so that they take as long as known ones.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_now("nobody").ok());

/// How hard to guess a password has to be, from 0 to 4 (zxcvbn): 3 is "safely unguessable" at 10^8 guesses.
const LEAST_SCORE: zxcvbn::Score = zxcvbn::Score::Three;
/// Words that everybody who attacks us tries first.
const OUR_WORDS: [&str; 6] = ["guestguard", "guest", "guard", "guestlist", "invitation", "password"];

/// Notes what is wrong with a new password; `about` is what others know of the person.
pub fn check(fields: &mut Fields, field: &str, password: &str, about: &[&str]) {
    let (shortest, longest) = PASSWORD_LENGTH;
    match password.chars().count() as u32 {
        0 => fields.fault(field, FieldError::Required),
        n if n < shortest => fields.fault(field, FieldError::TooShort(shortest)),
        n if n > longest => fields.fault(field, FieldError::TooLong(longest)),
        _ if is_guessable(password, about) => fields.fault(field, FieldError::GuessablePassword),
        _ => {}
    }
}

fn is_guessable(password: &str, about: &[&str]) -> bool {
    let parts = about.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).filter(|part| part.len() > 2);
    let words: Vec<&str> = about.iter().copied().chain(parts).chain(OUR_WORDS).collect();
    zxcvbn::zxcvbn(password, &words).score() < LEAST_SCORE
}

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

/// Whether `stored` was made with other parameters than a new hash would be.
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
        tokio::time::timeout(PATIENCE, HASHERS.acquire()).await.map_err(|_| busy())?.map_err(anyhow::Error::from)?;
    Ok(tokio::task::spawn_blocking(work).await.map_err(anyhow::Error::from)?)
}
