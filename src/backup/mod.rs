use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use anyhow::bail;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::auth::Host;

/// Rehearsed restores.
pub mod drills;
/// Making a backup.
mod dump;
/// Those who must stay erased.
mod erasures;
/// What happened after a backup and must not be undone by restoring it.
pub(crate) mod jobs;
pub mod journal;
/// What backups there are, and which are given up.
pub mod keep;
/// From a backup to a database, in one transaction.
mod load;
/// The two files that name the newest backup.
mod pointer;
/// PostgreSQL's own programs.
mod programs;
/// Reads for the operator's page and the metrics.
pub mod queries;
/// From a backup to a database that may serve.
pub mod restore;
/// Dumps that run nothing but SQL.
mod restricted;
/// The place where backups are kept.
pub mod store;
/// How many rows each table has, and what they add up to.
mod tally;
/// Whether a database is whole.
pub mod verify;

pub use dump::back_up;
pub use programs::Programs;
pub use store::Store;
pub use tally::Tally;

/// After so many minutes the newest hourly backup is late.
pub const LATE_MINUTES: i64 = 70;
/// After so many days the last good drill is too old.
pub const DRILL_DAYS: i64 = 35;
/// How much may be lost, and how long it may take: the targets, in seconds.
pub const MOST_LOST_SECONDS: i64 = 300;
pub const LONGEST_AWAY_SECONDS: i64 = 3600;

/// Where backups go, and what makes them.
#[derive(Clone, Debug)]
pub struct Backups {
    pub store: Store,
    pub programs: Programs,
    /// Where a dump lies while it is made or read.
    pub folder: PathBuf,
    /// Whether the worker makes one every hour.
    pub hourly: bool,
    /// How they stood when somebody looked last.
    pub seen: keep::Seen,
}

/// The addresses of those who look after this installation, in small letters.
#[derive(Clone, Debug, Default)]
pub struct Operators(Arc<[String]>);

impl Operators {
    pub fn new(addresses: Vec<String>) -> Self {
        Self(addresses.into())
    }

    /// Whether `host` is one of them.
    pub fn admit(&self, host: &Host) -> Option<Operator> {
        let named = host.is_verified() && self.0.contains(&host.email().to_lowercase());
        named.then_some(Operator(()))
    }
}

/// Somebody who looks after this installation. Comes only from [`Operators::admit`].
pub struct Operator(());

/// What is told while something long goes on.
pub trait Progress: Send + Sync {
    /// A step begins.
    fn step(&self, what: &str);
    /// So much of the step is done, of a whole if that is known.
    fn done(&self, bytes: u64, of: Option<u64>);
}

/// Nobody looks.
pub struct Quiet;

impl Progress for Quiet {
    fn step(&self, _: &str) {}
    fn done(&self, _: u64, _: Option<u64>) {}
}

/// What kind of backup is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Making {
    /// Kept until somebody deletes it.
    pub manual: bool,
    pub format: Format,
    /// Goes on where a database that was restored later has made the newest backup.
    pub take_over: bool,
}

/// How a dump is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// SQL, compressed: readable by anybody.
    #[default]
    Plain,
    /// PostgreSQL's archive, for large databases.
    Custom,
}

impl Format {
    fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "sql.gz",
            Self::Custom => "dump",
        }
    }
}

/// What a backup holds; it lies beside the dump. A dump without it is none: its run did not come to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub key: Key,
    /// The moment that the backup shows.
    pub at: DateTime<Utc>,
    pub format: Format,
    /// Of the dump.
    pub bytes: u64,
    /// Of the dump, in hexadecimal digits.
    pub sha256: String,
    /// How long making it took.
    pub seconds: f64,
    /// The newest migration that was applied.
    pub schema_version: i64,
    /// The server's version as it tells it: major × 10,000 + minor.
    pub postgres_version: i32,
    pub program_version: String,
    pub database: String,
    /// When the database was restored last; `None`: never. Of two databases the one with the later time took over.
    #[serde(default)]
    pub restored_at: Option<DateTime<Utc>>,
    pub tables: BTreeMap<String, Tally>,
}

/// The name of a backup: `database/2026/11/20261126T001500Z.sql.gz`, or `database/manual/…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

/// How the time is written in a key.
const STAMP: &str = "%Y%m%dT%H%M%SZ";

impl Key {
    fn new(at: DateTime<Utc>, manual: bool, format: Format) -> Self {
        let folder = if manual { "manual".to_owned() } else { at.format("%Y/%m").to_string() };
        Self(format!("database/{folder}/{}.{}", at.format(STAMP), format.suffix()))
    }

    /// Whether somebody asked for it; such a backup is never given up.
    pub fn is_manual(&self) -> bool {
        self.0.starts_with("database/manual/")
    }

    /// When it was made.
    pub fn at(&self) -> DateTime<Utc> {
        stamp(&self.0).unwrap_or_default()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn manifest(&self) -> String {
        format!("{}.json", self.0)
    }

    fn verified(&self) -> String {
        format!("{}.verified", self.0)
    }
}

fn stamp(key: &str) -> Option<DateTime<Utc>> {
    let name = key.rsplit('/').next()?;
    let (stamp, _) = name.split_once('.')?;
    chrono::NaiveDateTime::parse_from_str(stamp, STAMP).ok().map(|time| time.and_utc())
}

impl TryFrom<String> for Key {
    type Error = anyhow::Error;

    fn try_from(key: String) -> anyhow::Result<Self> {
        let right = stamp(&key).is_some_and(|at| {
            [true, false].into_iter().any(|manual| {
                [Format::Plain, Format::Custom].into_iter().any(|format| Self::new(at, manual, format).0 == key)
            })
        });
        if !right {
            bail!("\"{key}\" is no backup's key; `guestguard backup list` tells them");
        }
        Ok(Self(key))
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
