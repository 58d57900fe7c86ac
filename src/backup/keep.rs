use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::{Backups, Key, LATE_MINUTES, Manifest, Store, journal, pointer::Pointer};

/// Hourly backups are kept so many days, and so many at least, however old they are.
const DAYS: i64 = 30;
const LEAST: usize = 24;
/// A dump whose run did not come to its end is cleared away after so many hours.
const ABANDONED_HOURS: i64 = 24;
/// Backups that the newest one's size is compared with.
const TREND: usize = 24;
/// The newest may have so many hundredths of their usual size, at least.
const SHRUNK: u64 = 50;

/// How long what was seen is good enough.
const FRESH: Duration = Duration::from_secs(60);
/// How long the store may take when only somebody wants to know.
const PATIENCE: Duration = Duration::from_secs(3);

/// One backup, as a listing tells of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kept {
    pub key: Key,
    pub at: DateTime<Utc>,
    pub bytes: u64,
    pub manual: bool,
    /// When it was restored and found whole; `None`: not yet.
    pub verified_at: Option<DateTime<Utc>>,
}

/// That a backup was restored and found whole; lies beside it.
#[derive(Debug, Serialize, Deserialize)]
struct Verified {
    at: DateTime<Utc>,
    checks: usize,
}

/// All backups, the oldest first.
pub async fn list(store: &Store) -> anyhow::Result<Vec<Kept>> {
    let found = store.list("database").await?;
    let named = |name: &str| found.binary_search_by(|listed| listed.name.as_str().cmp(name)).ok();
    let mut kept = Vec::new();
    for listed in &found {
        let Ok(key) = Key::try_from(listed.name.clone()) else { continue };
        if named(&key.manifest()).is_none() {
            continue;
        }
        let verified_at = named(&key.verified()).map(|place| found[place].changed_at);
        kept.push(Kept { at: key.at(), manual: key.is_manual(), bytes: listed.bytes, verified_at, key });
    }
    kept.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
    Ok(kept)
}

/// Whether there is anything under this key.
pub(super) async fn exists(store: &Store, key: &Key) -> anyhow::Result<bool> {
    let folder = key.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
    Ok(store.list(folder).await?.iter().any(|listed| listed.name == key.as_str()))
}

/// The newest backup, as its pointers name it; `None`: there is none.
///
/// # Errors
/// The pointers are damaged, or what they name is not what they say.
pub async fn latest(store: &Store) -> anyhow::Result<Option<Manifest>> {
    let Some(pointer) = Pointer::read(store).await? else { return Ok(None) };
    let manifest = named(store, &pointer.key).await?;
    anyhow::ensure!(
        manifest.sha256 == pointer.sha256,
        "{} has another SHA-256 in its manifest than in LATEST.txt; one of the two was changed",
        pointer.key
    );
    Ok(Some(manifest))
}

/// The manifest of one backup.
///
/// # Errors
/// There is no such backup, its run did not come to its end, or the manifest is another's.
pub async fn named(store: &Store, key: &Key) -> anyhow::Result<Manifest> {
    let text = store.get(&key.manifest()).await?;
    let text = text.with_context(|| {
        format!(
            "there is no backup {key}, or its run did not come to its end; `guestguard backup list` tells what there is"
        )
    })?;
    let manifest: Manifest =
        serde_json::from_slice(&text).with_context(|| format!("the manifest of {key} is damaged"))?;
    anyhow::ensure!(manifest.key == *key, "the manifest of {key} is that of {}", manifest.key);
    Ok(manifest)
}

/// Notes that a backup was restored and found whole.
pub async fn note_verified(store: &Store, key: &Key, at: DateTime<Utc>, checks: usize) -> anyhow::Result<()> {
    store.put(&key.verified(), serde_json::to_vec(&Verified { at, checks })?).await
}

/// How backups stand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    pub newest: Option<Kept>,
    pub age_seconds: Option<i64>,
    pub backups: usize,
    /// The middle one of the sizes of the day before; `None`: too few to say.
    pub usual_bytes: Option<u64>,
    pub verified: Option<Key>,
    pub verified_age_seconds: Option<i64>,
    /// What somebody has to look at; empty: nothing.
    pub faults: Vec<String>,
}

/// Looks at how backups stand.
///
/// # Errors
/// The store is out of reach.
pub async fn status(store: &Store, now: DateTime<Utc>) -> anyhow::Result<Status> {
    let all = list(store).await?;
    let mut faults = Vec::new();
    let newest = match latest(store).await {
        Ok(Some(manifest)) => {
            let kept = all.iter().find(|kept| kept.key == manifest.key).cloned();
            if kept.is_none() {
                faults.push(format!("LATEST.txt names {}, and that is gone; run `guestguard backup`", manifest.key));
            }
            kept
        }
        Ok(None) => None,
        Err(cause) => {
            faults.push(format!("{cause:#}"));
            None
        }
    };
    let age = newest.as_ref().map(|kept| (now - kept.at).num_seconds());
    match age {
        None if faults.is_empty() => faults.push("there is no backup; run `guestguard backup`".to_owned()),
        Some(age) if age > LATE_MINUTES * 60 => {
            faults.push(format!("the newest backup is {} minutes old; look why the hourly run fails", age / 60));
        }
        _ => {}
    }
    let usual = newest.as_ref().and_then(|newest| usual_bytes(&all, newest));
    if let (Some(newest), Some(usual)) = (&newest, usual)
        && newest.bytes * 100 < usual * SHRUNK
    {
        faults.push(format!(
            "the newest backup has {} bytes where {usual} are usual; look what is missing",
            newest.bytes
        ));
    }
    let verified = all.iter().rev().find(|kept| kept.verified_at.is_some());
    Ok(Status {
        age_seconds: age,
        backups: all.len(),
        usual_bytes: usual,
        verified: verified.map(|kept| kept.key.clone()),
        verified_age_seconds: verified.and_then(|kept| kept.verified_at).map(|at| (now - at).num_seconds()),
        newest,
        faults,
    })
}

/// How backups stood when somebody looked last. Those who ask often, pages and metrics, do not ask the store each time.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Option<Look>>>);

/// When somebody looked, and what they saw; or why nothing.
type Look = (Instant, Result<Status, String>);

impl Backups {
    /// How backups stand, as of a minute ago at most; or why that cannot be told. Nobody waits longer than some seconds.
    pub async fn status(&self, now: DateTime<Utc>) -> Result<Status, String> {
        let mut seen = self.seen.0.lock().await;
        if let Some((at, status)) = &*seen
            && at.elapsed() < FRESH
        {
            return status.clone();
        }
        let status = match tokio::time::timeout(PATIENCE, status(&self.store, now)).await {
            Ok(status) => status.map_err(|cause| format!("{cause:#}")),
            Err(_) => Err(format!("{:?} does not answer", self.store)),
        };
        *seen = Some((Instant::now(), status.clone()));
        status
    }

    /// What somebody saw last, at once; `None`: nobody looked yet. Where that is long ago, somebody is sent to look.
    pub fn status_at_once(&self, now: DateTime<Utc>) -> Option<Result<Status, String>> {
        // Taken: somebody is looking.
        let seen = self.seen.0.try_lock().ok()?;
        if seen.as_ref().is_none_or(|(at, _)| at.elapsed() >= FRESH) {
            let backups = self.clone();
            tokio::spawn(async move { backups.status(now).await });
        }
        seen.as_ref().map(|(_, status)| status.clone())
    }
}

fn usual_bytes(all: &[Kept], newest: &Kept) -> Option<u64> {
    let before = all.iter().rev().filter(|kept| kept.key != newest.key && kept.key.as_str().ends_with(suffix(newest)));
    let mut sizes: Vec<_> = before.take(TREND).map(|kept| kept.bytes).collect();
    sizes.sort_unstable();
    (sizes.len() >= 3).then(|| sizes[sizes.len() / 2])
}

fn suffix(kept: &Kept) -> &str {
    kept.key.as_str().split_once('.').map_or("", |(_, suffix)| suffix)
}

/// Gives up what is older than 30 days: never fewer than 24 stay, never the newest that was verified, never one that
/// somebody asked for. With `dry` it only says which. What is left of runs that were cut off goes as well.
pub async fn prune(store: &Store, now: DateTime<Utc>, dry: bool) -> anyhow::Result<Vec<Key>> {
    let all = list(store).await?;
    let given_up: Vec<_> = to_give_up(&all, now).into_iter().cloned().collect();
    if dry {
        return Ok(given_up);
    }
    for key in &given_up {
        // The manifest first: what is interrupted here is a dump without one, which is no backup.
        for name in [key.manifest(), key.verified(), key.as_str().to_owned()] {
            store.delete(&name).await?;
        }
    }
    clear_abandoned(store, &all, now).await?;
    if let Some(oldest) = all.iter().find(|kept| !given_up.contains(&kept.key)) {
        journal::forget_before(store, oldest.at - TimeDelta::hours(1)).await?;
    }
    Ok(given_up)
}

fn to_give_up(all: &[Kept], now: DateTime<Utc>) -> Vec<&Key> {
    let hourly: Vec<_> = all.iter().filter(|kept| !kept.manual).collect();
    let verified = all.iter().rev().find(|kept| kept.verified_at.is_some()).map(|kept| &kept.key);
    let old = hourly.iter().take(hourly.len().saturating_sub(LEAST));
    old.filter(|kept| now - kept.at > TimeDelta::days(DAYS) && Some(&kept.key) != verified)
        .map(|kept| &kept.key)
        .collect()
}

async fn clear_abandoned(store: &Store, all: &[Kept], now: DateTime<Utc>) -> anyhow::Result<()> {
    for listed in store.list("database").await? {
        let abandoned = Key::try_from(listed.name.clone()).is_ok_and(|key| all.iter().all(|kept| kept.key != key));
        if abandoned && now - listed.changed_at > TimeDelta::hours(ABANDONED_HOURS) {
            store.delete(&listed.name).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::Format;

    fn kept(at: DateTime<Utc>, manual: bool, verified: bool) -> Kept {
        let key = Key::new(at, manual, Format::Plain);
        Kept { key, at, bytes: 1_000, manual, verified_at: verified.then_some(at) }
    }

    fn now() -> DateTime<Utc> {
        "2027-06-01T00:00:30Z".parse().unwrap()
    }

    #[test]
    fn what_is_older_than_thirty_days_goes_but_not_the_newest_verified_and_not_what_somebody_asked_for() {
        let hours = |n: i64| now() - TimeDelta::hours(n);
        let all: Vec<_> = (0..800).rev().map(|n| kept(hours(n), n == 750, n == 790)).collect();
        let gone = to_give_up(&all, now());
        assert!(gone.iter().all(|key| key.at() < now() - TimeDelta::days(30)));
        assert_eq!(gone.len(), 79 - 2, "hours 721 to 799 without the verified one and the one asked for");
        assert!(gone.iter().all(|key| !key.is_manual()));
    }

    #[test]
    fn twenty_four_stay_however_old_they_are() {
        let all: Vec<_> = (0..30).rev().map(|n| kept(now() - TimeDelta::days(90 + n), false, false)).collect();
        assert_eq!(to_give_up(&all, now()).len(), 6);
        assert_eq!(to_give_up(&all[..20], now()).len(), 0);
    }
}
