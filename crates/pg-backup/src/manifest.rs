//! Manifests and keys: what a backup contains, and what it is called in the store.

use std::collections::BTreeMap;

use anyhow::bail;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::checksums::TableChecksum;

/// The format of a dump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// SQL, compressed by gzip: readable without PostgreSQL's programs.
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

/// The contents of a backup, written after its dump. A dump without a manifest is incomplete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub key: Key,
    /// The moment that the backup shows.
    pub at: DateTime<Utc>,
    pub format: Format,
    /// Size of the dump.
    pub bytes: u64,
    /// Hash of the dump, hexadecimal.
    pub sha256: String,
    /// How long the backup took.
    pub seconds: f64,
    /// The newest migration that was applied.
    pub schema_version: i64,
    /// `server_version_num`: major × 10,000 + minor.
    pub postgres_version: i32,
    pub program_version: String,
    pub database: String,
    /// When the database was last restored; see [`crate::BackupOptions::restored_at`].
    #[serde(default)]
    pub restored_at: Option<DateTime<Utc>>,
    pub tables: BTreeMap<String, TableChecksum>,
}

/// The name of a backup: `database/2026/11/20261126T001500Z.sql.gz`, or `database/manual/…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

const TIMESTAMP: &str = "%Y%m%dT%H%M%SZ";

impl Key {
    pub fn new(at: DateTime<Utc>, manual: bool, format: Format) -> Self {
        let folder = if manual { "manual".to_owned() } else { at.format("%Y/%m").to_string() };
        Self(format!("database/{folder}/{}.{}", at.format(TIMESTAMP), format.suffix()))
    }

    /// Whether somebody asked for this backup; retention leaves it alone.
    pub fn is_manual(&self) -> bool {
        self.0.starts_with("database/manual/")
    }

    /// When the backup was made.
    pub fn at(&self) -> DateTime<Utc> {
        timestamp(&self.0).unwrap_or_default()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn manifest(&self) -> String {
        format!("{}.json", self.0)
    }

    pub(crate) fn verified(&self) -> String {
        format!("{}.verified", self.0)
    }
}

fn timestamp(key: &str) -> Option<DateTime<Utc>> {
    let name = key.rsplit('/').next()?;
    let (timestamp, _) = name.split_once('.')?;
    chrono::NaiveDateTime::parse_from_str(timestamp, TIMESTAMP).ok().map(|time| time.and_utc())
}

impl TryFrom<String> for Key {
    type Error = anyhow::Error;

    fn try_from(key: String) -> anyhow::Result<Self> {
        let valid = timestamp(&key).is_some_and(|at| {
            [true, false].into_iter().any(|manual| {
                [Format::Plain, Format::Custom].into_iter().any(|format| Self::new(at, manual, format).0 == key)
            })
        });
        if !valid {
            bail!("\"{key}\" is not the key of a backup");
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
