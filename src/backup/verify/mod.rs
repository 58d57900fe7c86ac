//! Database verification: checks a restored or live database for missing, damaged and inconsistent data.

use pg_backup::Manifest;
use serde::Serialize;
use sqlx::{Acquire, PgConnection};

use super::erasure_log::LogEntry;
use crate::secrets::Secrets;

mod post_restore;
mod relations;
mod rules;
mod schema;
mod secrets;
#[cfg(test)]
mod tests;

/// What a database is checked against.
#[derive(Clone, Copy)]
pub struct VerifyOptions<'a> {
    /// The backup that it was restored from.
    pub manifest: Option<&'a Manifest>,
    /// Suppressions and erasures since the backup.
    pub erasure_log: Option<&'a [LogEntry]>,
    pub secrets: &'a Secrets,
    /// The database serves already: omits the checks that pass only right after a restore.
    pub serving: bool,
    /// Checks every page of every index and table too.
    pub deep: bool,
}

/// The results of all checks.
#[derive(Debug, Default, Serialize)]
pub struct VerifyReport {
    pub checks: Vec<CheckResult>,
}

#[derive(Debug, Serialize)]
pub struct CheckResult {
    pub name: String,
    /// What is true if the check passes.
    pub says: String,
    /// The number of violations; 0: the check passed.
    pub faults: i64,
    /// Which they are, or why the check could not run.
    pub detail: String,
}

impl VerifyReport {
    pub fn failed(&self) -> impl Iterator<Item = &CheckResult> {
        self.checks.iter().filter(|check| check.faults != 0)
    }

    pub fn is_ok(&self) -> bool {
        self.failed().next().is_none()
    }

    fn add(&mut self, name: impl Into<String>, says: impl Into<String>, violations: anyhow::Result<Violations>) {
        let violations = violations
            .unwrap_or_else(|cause| Violations { count: 1, detail: format!("it could not be checked: {cause:#}") });
        self.checks.push(CheckResult {
            name: name.into(),
            says: says.into(),
            faults: violations.count,
            detail: violations.detail.chars().take(300).collect(),
        });
    }
}

/// What violates a check.
#[derive(Default)]
struct Violations {
    count: i64,
    detail: String,
}

impl Violations {
    fn named(names: Vec<String>) -> Self {
        Self { count: names.len() as i64, detail: names.join(", ") }
    }

    fn rows(count: i64) -> Self {
        Self { count, detail: String::new() }
    }
}

/// A check by a statement that counts violating rows.
struct Check {
    name: &'static str,
    says: &'static str,
    sql: &'static str,
}

/// Runs all checks. A check that cannot run fails.
///
/// # Errors
/// The connection broke.
pub async fn run(db: &mut PgConnection, options: &VerifyOptions<'_>) -> anyhow::Result<VerifyReport> {
    let mut report = VerifyReport::default();
    schema::check(db, &mut report).await?;
    relations::check(db, &mut report).await?;
    count(db, &mut report, rules::CHECKS).await?;
    secrets::check(db, &mut report, options.secrets).await?;
    post_restore::check(db, &mut report, options).await?;
    if options.deep {
        let violations = schema::pages(db).await;
        report.add("pages", "every page of every index and table is sound (amcheck)", violations);
    }
    Ok(report)
}

async fn count(db: &mut PgConnection, report: &mut VerifyReport, checks: &[Check]) -> anyhow::Result<()> {
    for check in checks {
        // In a transaction of its own, so that a failed statement does not fail the checks after it.
        let mut tx = db.begin().await?;
        let rows = sqlx::query_scalar(check.sql).fetch_one(&mut *tx).await;
        tx.rollback().await?;
        report.add(check.name, check.says, rows.map(Violations::rows).map_err(Into::into));
    }
    Ok(())
}

/// The violations that a statement names, one a row.
async fn named(db: &mut PgConnection, sql: &'static str) -> anyhow::Result<Violations> {
    let mut tx = db.begin().await?;
    let names = sqlx::query_scalar(sql).fetch_all(&mut *tx).await;
    tx.rollback().await?;
    Ok(Violations::named(names?))
}
