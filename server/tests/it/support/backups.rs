//! Backups as an operator makes them.

use std::process::Output;

use guestguard::backup::drills::Scratch;
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::process::Command;

use super::node::{binary, redis, url};

/// The key that seals links.
pub const SECRET_KEY: &str = "q1zTYzNPGhvCSGNrGzRFVUX5Zp9zJmDkVt7G1HMSkhQ";

/// A store of backups, and the commands that use it.
pub struct Place {
    pub folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

/// The result of a command.
pub struct CommandResult {
    /// The exit code; -1: a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    /// A new folder.
    pub fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("file://{}/backups", folder.path().display());
        Self { folder, settings: vec![("GG_BACKUP_URL", address)] }
    }

    /// A bucket, named by these settings.
    pub fn bucket(settings: &[(&'static str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { folder: tempfile::tempdir().unwrap(), settings }
    }

    /// The same with another value of one setting.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.retain(|(other, _)| *other != name);
        self.settings.push((name, value.to_owned()));
        self
    }

    /// The settings of a node that uses this store.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        self.settings.clone()
    }

    /// `guestguard` with these arguments, on the database at `database`.
    pub fn command(&self, database: &str, arguments: &[&str]) -> Command {
        let mut command = binary(database, &redis(), arguments);
        // All tests share the counters of one Redis.
        command.env("GG_LIMIT_SIGN_IN", "1000/60").env("GG_LIMIT_SIGN_IN_ADDRESS", "1000/60");
        command.env("GG_SECRET_KEY", SECRET_KEY).envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    pub async fn run(&self, database: &str, arguments: &[&str]) -> CommandResult {
        CommandResult::of(self.command(database, arguments).output().await.unwrap())
    }

    /// Makes a backup, which must succeed. Returns its manifest.
    pub async fn back_up(&self, db: &PgPool) -> Value {
        let ran = self.run(&url(db), &["backup", "--json"]).await;
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("backups").join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }
}

impl CommandResult {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The command rejected its settings and named the wrong one.
    pub fn rejects_setting(&self, name: &str) {
        assert!(self.code == 2 && self.stderr.contains(name), "{}", self.stderr);
    }

    /// The command failed with one sentence that contains `what`.
    pub fn fails_with(&self, code: i32, what: &str) {
        let lines: Vec<_> = self.stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!((self.code, lines.len()), (code, 1), "{}{}", self.stdout, self.stderr);
        assert!(lines[0].starts_with("guestguard: ") && lines[0].contains(what), "{} instead of {what}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}

/// An empty database beside that of the test.
pub async fn scratch(db: &PgPool) -> Scratch {
    Scratch::create(&url(db)).await.unwrap()
}

/// How many tables the database at `address` has.
pub async fn tables(address: &str) -> i64 {
    let db = PgPool::connect(address).await.unwrap();
    let tables = sqlx::query_scalar(
        "select count(*) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    );
    let tables = tables.fetch_one(&db).await.unwrap();
    db.close().await;
    tables
}
