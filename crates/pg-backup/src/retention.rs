//! Retention: lists the backups in a store, and deletes expired ones.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{Key, Manifest, Store, pointer::Pointer};

/// Backups older than this expire.
const MAX_AGE_DAYS: i64 = 30;
/// The newest backups never expire.
const MIN_COUNT: usize = 24;
/// Dumps without a manifest are deleted after this time: their backup was interrupted.
const INCOMPLETE_HOURS: i64 = 24;

/// One complete backup in the store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredBackup {
    pub key: Key,
    pub at: DateTime<Utc>,
    pub bytes: u64,
    pub manual: bool,
    /// When a restore of it last passed all checks; `None`: never.
    pub verified_at: Option<DateTime<Utc>>,
}

/// The content of the file that marks a backup as verified.
#[derive(Debug, Serialize, Deserialize)]
struct Verified {
    at: DateTime<Utc>,
    checks: usize,
}

/// All complete backups, oldest first.
///
/// # Errors
/// The store cannot be reached.
pub async fn list(store: &Store) -> anyhow::Result<Vec<StoredBackup>> {
    let objects = store.list("database").await?;
    let position = |name: &str| objects.binary_search_by(|object| object.name.as_str().cmp(name)).ok();
    let mut backups = Vec::new();
    for object in &objects {
        let Ok(key) = Key::try_from(object.name.clone()) else { continue };
        if position(&key.manifest()).is_none() {
            continue;
        }
        let verified_at = position(&key.verified()).map(|position| objects[position].changed_at);
        let manual = key.is_manual();
        backups.push(StoredBackup { at: key.at(), manual, bytes: object.bytes, verified_at, key });
    }
    backups.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
    Ok(backups)
}

/// Whether the store has a dump with this key, complete or not.
pub(crate) async fn exists(store: &Store, key: &Key) -> anyhow::Result<bool> {
    let folder = key.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
    Ok(store.list(folder).await?.iter().any(|object| object.name == key.as_str()))
}

/// The newest backup, as the latest pointer names it; `None`: there is none.
///
/// # Errors
/// The pointer is damaged, or disagrees with the manifest.
pub async fn latest(store: &Store) -> anyhow::Result<Option<Manifest>> {
    let Some(pointer) = Pointer::read(store).await? else { return Ok(None) };
    let manifest = manifest(store, &pointer.key).await?;
    anyhow::ensure!(
        manifest.sha256 == pointer.sha256,
        "the manifest of {} and LATEST.txt have different SHA-256 hashes; one of the two was changed",
        pointer.key
    );
    Ok(Some(manifest))
}

/// The manifest of one backup.
///
/// # Errors
/// There is no complete backup with this key, or its manifest is damaged or belongs to another backup.
pub async fn manifest(store: &Store, key: &Key) -> anyhow::Result<Manifest> {
    let text = store.get(&key.manifest()).await?;
    let text = text.with_context(|| format!("there is no complete backup {key}; list the backups to find one"))?;
    let manifest: Manifest =
        serde_json::from_slice(&text).with_context(|| format!("the manifest of {key} is damaged"))?;
    anyhow::ensure!(manifest.key == *key, "the manifest of {key} belongs to {}", manifest.key);
    Ok(manifest)
}

/// Records that a restore of this backup passed all checks.
///
/// # Errors
/// The store cannot be reached.
pub async fn mark_verified(store: &Store, key: &Key, at: DateTime<Utc>, checks: usize) -> anyhow::Result<()> {
    store.put(&key.verified(), serde_json::to_vec(&Verified { at, checks })?).await
}

/// Deletes backups older than 30 days, except the newest 24, the newest verified one and manual ones. Deletes dumps of
/// interrupted backups too. With `dry_run` it deletes nothing. The keys that have expired.
///
/// # Errors
/// The store cannot be reached.
pub async fn prune(store: &Store, now: DateTime<Utc>, dry_run: bool) -> anyhow::Result<Vec<Key>> {
    let backups = list(store).await?;
    let keys: Vec<_> = expired(&backups, now).into_iter().cloned().collect();
    if dry_run {
        return Ok(keys);
    }
    for key in &keys {
        // The manifest first: an interruption leaves a dump without one, which counts as incomplete.
        for name in [key.manifest(), key.verified(), key.as_str().to_owned()] {
            store.delete(&name).await?;
        }
    }
    delete_incomplete(store, &backups, now).await?;
    Ok(keys)
}

fn expired(backups: &[StoredBackup], now: DateTime<Utc>) -> Vec<&Key> {
    let automatic: Vec<_> = backups.iter().filter(|backup| !backup.manual).collect();
    let verified = backups.iter().rev().find(|backup| backup.verified_at.is_some()).map(|backup| &backup.key);
    let candidates = automatic.iter().take(automatic.len().saturating_sub(MIN_COUNT));
    candidates
        .filter(|backup| now - backup.at > TimeDelta::days(MAX_AGE_DAYS) && Some(&backup.key) != verified)
        .map(|backup| &backup.key)
        .collect()
}

async fn delete_incomplete(store: &Store, backups: &[StoredBackup], now: DateTime<Utc>) -> anyhow::Result<()> {
    for object in store.list("database").await? {
        let incomplete =
            Key::try_from(object.name.clone()).is_ok_and(|key| backups.iter().all(|backup| backup.key != key));
        if incomplete && now - object.changed_at > TimeDelta::hours(INCOMPLETE_HOURS) {
            store.delete(&object.name).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;

    fn backup(at: DateTime<Utc>, manual: bool, verified: bool) -> StoredBackup {
        let key = Key::new(at, manual, Format::Plain);
        StoredBackup { key, at, bytes: 1_000, manual, verified_at: verified.then_some(at) }
    }

    fn now() -> DateTime<Utc> {
        "2027-06-01T00:00:30Z".parse().unwrap()
    }

    #[test]
    fn backups_older_than_thirty_days_expire_except_manual_ones_and_the_newest_verified_one() {
        let hours = |n: i64| now() - TimeDelta::hours(n);
        let backups: Vec<_> = (0..800).rev().map(|n| backup(hours(n), n == 750, n == 790)).collect();
        let keys = expired(&backups, now());
        assert!(keys.iter().all(|key| key.at() < now() - TimeDelta::days(30)));
        assert_eq!(keys.len(), 79 - 2, "hours 721 to 799 without the verified one and the manual one");
        assert!(keys.iter().all(|key| !key.is_manual()));
    }

    #[test]
    fn the_newest_twenty_four_never_expire() {
        let backups: Vec<_> = (0..30).rev().map(|n| backup(now() - TimeDelta::days(90 + n), false, false)).collect();
        assert_eq!(expired(&backups, now()).len(), 6);
        assert_eq!(expired(&backups[..20], now()).len(), 0);
    }
}
