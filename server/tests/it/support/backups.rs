use std::process::Output;

use guestguard::backup::drills::Scratch;
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::process::Command;

use super::node::{binary, redis, url};

/// What links are sealed with in these tests.
pub const SECRET_KEY: &str = "q1zTYzNPGhvCSGNrGzRFVUX5Zp9zJmDkVt7G1HMSkhQ";

/// A place for backups, and the commands that use it, as an operator runs them.
pub struct Place {
    pub folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

/// What a command came to.
pub struct Ran {
    /// The exit code; -1: a signal ended it.
    pub code: i32,
    pub out: String,
    /// What it said to people.
    pub said: String,
}

impl Place {
    /// A folder of the test's own.
    pub fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("file://{}/backups", folder.path().display());
        Self { folder, settings: vec![("GG_BACKUP_URL", address)] }
    }

    /// A bucket, as these settings name it.
    pub fn bucket(settings: &[(&'static str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { folder: tempfile::tempdir().unwrap(), settings }
    }

    /// Another bucket, or other credentials.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.retain(|(other, _)| *other != name);
        self.settings.push((name, value.to_owned()));
        self
    }

    /// The settings, for a node.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        self.settings.clone()
    }

    /// `guestguard` on the database at `database`.
    pub fn command(&self, database: &str, arguments: &[&str]) -> Command {
        let mut command = binary(database, &redis(), arguments);
        // All these tests count with one key in one Redis.
        command.env("GG_LIMIT_SIGN_IN", "1000/60").env("GG_LIMIT_SIGN_IN_ADDRESS", "1000/60");
        command.env("GG_SECRET_KEY", SECRET_KEY).envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    pub async fn run(&self, database: &str, arguments: &[&str]) -> Ran {
        Ran::of(self.command(database, arguments).output().await.unwrap())
    }

    /// A backup that must go well; its manifest.
    pub async fn back_up(&self, db: &PgPool) -> Value {
        let ran = self.run(&url(db), &["backup", "--json"]).await;
        assert_eq!(ran.code, 0, "{}", ran.said);
        serde_json::from_str(&ran.out).unwrap()
    }

    /// A file of the folder.
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

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The settings were refused, naming the one that does not do.
    pub fn refused_by_settings(&self, name: &str) {
        assert!(self.code == 2 && self.said.contains(name), "{}", self.said);
    }

    /// It failed with one sentence that says `what`.
    pub fn refused(&self, code: i32, what: &str) {
        let said: Vec<_> = self.said.lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!((self.code, said.len()), (code, 1), "{}{}", self.out, self.said);
        assert!(said[0].starts_with("guestguard: ") && said[0].contains(what), "{} instead of {what}", self.said);
        assert!(!self.said.contains("panicked"), "{}", self.said);
    }
}

/// An empty database beside the test's own.
pub async fn scratch(db: &PgPool) -> Scratch {
    Scratch::create(&url(db)).await.unwrap()
}

/// How many relations the database at `address` has.
pub async fn tables(address: &str) -> i64 {
    let db = PgPool::connect(address).await.unwrap();
    let tables = sqlx::query_scalar(
        "select count(*) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    );
    let tables = tables.fetch_one(&db).await.unwrap();
    db.close().await;
    tables
}
