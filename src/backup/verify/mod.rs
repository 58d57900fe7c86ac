use serde::Serialize;
use sqlx::{Acquire, PgConnection};

use super::{Manifest, journal};
use crate::secrets::Secrets;

/// What a restore must have left behind it.
mod aftermath;
/// Every row's parent is there, and of the same host.
mod relations;
/// What the product's rules promise of its rows.
mod rules;
/// Tables, migrations, constraints, indexes.
mod schema;
/// Tokens and passwords.
mod secrecy;
#[cfg(test)]
mod tests;

/// What a database is held against.
#[derive(Clone, Copy)]
pub struct Against<'a> {
    /// The backup that it was loaded from.
    pub manifest: Option<&'a Manifest>,
    /// What came after it.
    pub journal: Option<&'a [journal::Entry]>,
    pub secrets: &'a Secrets,
    /// It serves already: what holds only right after a restore is left out.
    pub live: bool,
    /// Every page of every index is looked at as well.
    pub deep: bool,
}

/// What came of all checks.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub checks: Vec<Checked>,
}

/// What came of one check.
#[derive(Debug, Serialize)]
pub struct Checked {
    pub name: String,
    /// What holds when it passes.
    pub says: String,
    /// How many rows or things do not fit; 0: it passed.
    pub faults: i64,
    /// Which, or what went wrong.
    pub detail: String,
}

impl Report {
    /// The checks that did not pass.
    pub fn failed(&self) -> impl Iterator<Item = &Checked> {
        self.checks.iter().filter(|check| check.faults != 0)
    }

    pub fn is_ok(&self) -> bool {
        self.failed().next().is_none()
    }

    fn add(&mut self, name: impl Into<String>, says: impl Into<String>, found: anyhow::Result<Found>) {
        let found =
            found.unwrap_or_else(|cause| Found { faults: 1, detail: format!("it could not be checked: {cause:#}") });
        self.checks.push(Checked {
            name: name.into(),
            says: says.into(),
            faults: found.faults,
            detail: found.detail.chars().take(300).collect(),
        });
    }
}

/// What a check found.
#[derive(Default)]
struct Found {
    faults: i64,
    detail: String,
}

impl Found {
    /// Fails for each of these.
    fn these(names: Vec<String>) -> Self {
        Self { faults: names.len() as i64, detail: names.join(", ") }
    }

    fn rows(faults: i64) -> Self {
        Self { faults, detail: String::new() }
    }
}

/// A check that counts rows which should not be there.
struct Rule {
    name: &'static str,
    says: &'static str,
    /// One number: how many do not fit.
    sql: &'static str,
}

/// Runs all checks. One that cannot be run has failed.
///
/// # Errors
/// The connection broke.
pub async fn run(db: &mut PgConnection, against: &Against<'_>) -> anyhow::Result<Report> {
    let mut report = Report::default();
    schema::check(db, &mut report).await?;
    relations::check(db, &mut report).await?;
    count(db, &mut report, rules::RULES).await?;
    secrecy::check(db, &mut report, against.secrets).await?;
    aftermath::check(db, &mut report, against).await?;
    if against.deep {
        let found = schema::pages(db).await;
        report.add("pages", "every page of every index and table is sound (amcheck)", found);
    }
    Ok(report)
}

async fn count(db: &mut PgConnection, report: &mut Report, rules: &[Rule]) -> anyhow::Result<()> {
    for rule in rules {
        // A statement that fails must not take the checks after it along.
        let mut tx = db.begin().await?;
        let faults = sqlx::query_scalar(rule.sql).fetch_one(&mut *tx).await;
        tx.rollback().await?;
        report.add(rule.name, rule.says, faults.map(Found::rows).map_err(Into::into));
    }
    Ok(())
}

/// Text that a query gives, one row each: the things that do not fit.
async fn these(db: &mut PgConnection, sql: &'static str) -> anyhow::Result<Found> {
    let mut tx = db.begin().await?;
    let found = sqlx::query_scalar(sql).fetch_all(&mut *tx).await;
    tx.rollback().await?;
    Ok(Found::these(found?))
}
