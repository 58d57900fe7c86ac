//! Backup status: age, size and verification of the newest backup, and what is wrong; cached for a minute.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use pg_backup::{
    Key, Store,
    retention::{self, StoredBackup},
};
use serde::Serialize;
use tokio::sync::Mutex;

use super::{Backups, LATE_MINUTES, describe};

/// How many backups the newest one's size is compared with.
const COMPARED: usize = 24;
/// The newest backup has at least this percentage of the usual size.
const MIN_SIZE_PERCENT: u64 = 50;

/// How long a status is cached.
const CACHE_TTL: Duration = Duration::from_secs(60);
/// How long pages and metrics wait for the store.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    pub newest: Option<StoredBackup>,
    pub age_seconds: Option<i64>,
    pub backups: usize,
    /// The median size of the backups before; `None`: too few to say.
    pub usual_bytes: Option<u64>,
    pub verified: Option<Key>,
    pub verified_age_seconds: Option<i64>,
    /// What an operator must look into; empty if all is well.
    pub faults: Vec<String>,
}

/// Reads the status from the store.
///
/// # Errors
/// The store cannot be reached.
pub async fn status(store: &Store, now: DateTime<Utc>) -> anyhow::Result<Status> {
    let backups = retention::list(store).await?;
    let mut faults = Vec::new();
    let newest = match retention::latest(store).await {
        Ok(Some(manifest)) => {
            let newest = backups.iter().find(|backup| backup.key == manifest.key).cloned();
            if newest.is_none() {
                faults.push(format!("LATEST.txt names {}, which is missing; run `guestguard backup`", manifest.key));
            }
            newest
        }
        Ok(None) => None,
        Err(cause) => {
            faults.push(describe(&cause));
            None
        }
    };
    let age = newest.as_ref().map(|newest| (now - newest.at).num_seconds());
    match age {
        None if faults.is_empty() => faults.push("there is no backup; run `guestguard backup`".to_owned()),
        Some(age) if age > LATE_MINUTES * 60 => {
            faults.push(format!("the newest backup is {} minutes old; find out why the hourly backup fails", age / 60));
        }
        _ => {}
    }
    let usual = newest.as_ref().and_then(|newest| usual_bytes(&backups, newest));
    if let (Some(newest), Some(usual)) = (&newest, usual)
        && newest.bytes * 100 < usual * MIN_SIZE_PERCENT
    {
        faults.push(format!(
            "the newest backup has {} bytes, but {usual} are usual; find out what is missing",
            newest.bytes
        ));
    }
    let verified = backups.iter().rev().find(|backup| backup.verified_at.is_some());
    Ok(Status {
        age_seconds: age,
        backups: backups.len(),
        usual_bytes: usual,
        verified: verified.map(|backup| backup.key.clone()),
        verified_age_seconds: verified.and_then(|backup| backup.verified_at).map(|at| (now - at).num_seconds()),
        newest,
        faults,
    })
}

fn usual_bytes(backups: &[StoredBackup], newest: &StoredBackup) -> Option<u64> {
    let same_format = |backup: &&StoredBackup| backup.key != newest.key && suffix(backup) == suffix(newest);
    let mut sizes: Vec<_> =
        backups.iter().rev().filter(same_format).take(COMPARED).map(|backup| backup.bytes).collect();
    sizes.sort_unstable();
    (sizes.len() >= 3).then(|| sizes[sizes.len() / 2])
}

fn suffix(backup: &StoredBackup) -> &str {
    backup.key.as_str().split_once('.').map_or("", |(_, suffix)| suffix)
}

/// The last status and when it was read, or why it could not be; shared by pages and metrics, which ask often.
#[derive(Clone, Debug, Default)]
pub struct StatusCache(Arc<Mutex<Option<CachedStatus>>>);

type CachedStatus = (Instant, Result<Status, String>);

impl Backups {
    /// The status, at most a minute old, or why it is unknown. Waits three seconds at most.
    pub async fn status(&self, now: DateTime<Utc>) -> Result<Status, String> {
        let mut cached = self.cache.0.lock().await;
        if let Some((at, status)) = &*cached
            && at.elapsed() < CACHE_TTL
        {
            return status.clone();
        }
        let status = match tokio::time::timeout(TIMEOUT, status(&self.store, now)).await {
            Ok(status) => status.map_err(|cause| describe(&cause)),
            Err(_) => Err(format!("{:?} does not answer", self.store)),
        };
        *cached = Some((Instant::now(), status.clone()));
        status
    }

    /// The cached status without waiting; `None`: not read yet. An old one is refreshed in the background.
    pub fn status_at_once(&self, now: DateTime<Utc>) -> Option<Result<Status, String>> {
        // Locked: it is being refreshed.
        let cached = self.cache.0.try_lock().ok()?;
        if cached.as_ref().is_none_or(|(at, _)| at.elapsed() >= CACHE_TTL) {
            let backups = self.clone();
            tokio::spawn(async move { backups.status(now).await });
        }
        cached.as_ref().map(|(_, status)| status.clone())
    }
}
