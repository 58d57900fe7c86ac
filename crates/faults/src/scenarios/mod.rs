//! Fault scenarios: what is broken, and the result.

mod clock;
mod flood;
mod hooks;
mod import;
mod mail;
mod nodes;
mod postgres;
mod redis;
mod soak;
mod stop;
mod worker;

use std::fmt;

use futures::future::LocalBoxFuture;

use crate::{fixture::Fixture, load::Answered};

/// The size of a run.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub quick: bool,
    pub soak_minutes: u64,
}

impl Scale {
    /// `short` in a quick run, or `long`.
    pub fn of<T>(self, short: T, long: T) -> T {
        if self.quick { short } else { long }
    }
}

/// Result of a scenario.
#[derive(Debug, Default)]
pub struct Row {
    pub fault: &'static str,
    pub what: String,
    pub injected: usize,
    /// Acknowledged writes, and how many of them are stored.
    pub acknowledged: usize,
    pub found: usize,
    pub duplicates: usize,
    /// Slowest recovery, in seconds.
    pub recovery: f64,
    pub seen: String,
    /// Broken promises.
    pub broken: Vec<String>,
}

impl Row {
    pub fn new(fault: &'static str, what: impl Into<String>) -> Self {
        Self { fault, what: what.into(), ..Self::default() }
    }

    /// Records `otherwise` as a broken promise unless `fine`.
    pub fn expect(&mut self, fine: bool, otherwise: impl fmt::Display) {
        if !fine {
            self.broken.push(otherwise.to_string());
        }
    }

    /// Counts the acknowledged replies and those of them that are stored; the fixture keeps them.
    pub async fn answers(&mut self, fixture: &mut Fixture, answered: Vec<Answered>) -> anyhow::Result<()> {
        let messages: Vec<_> =
            answered.iter().filter(|one| one.is_acknowledged()).map(|one| one.message.clone()).collect();
        let kept: Vec<i64> =
            sqlx::query_scalar("select count(*) from rsvp_history where message = any ($1) group by message")
                .bind(&messages)
                .fetch_all(&mut fixture.database().await?)
                .await?;
        self.acknowledged += messages.len();
        self.found += kept.len();
        self.duplicates += usize::try_from(kept.iter().sum::<i64>())? - kept.len();
        fixture.answered.extend(answered);
        Ok(())
    }

    pub fn recovered(&mut self, seconds: f64) {
        self.recovery = self.recovery.max(seconds);
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, what, injected, acknowledged, found, duplicates, recovery, seen, broken } = self;
        let verdict = if broken.is_empty() { "held".to_owned() } else { format!("BROKEN: {}", broken.join("; ")) };
        let acknowledged = match acknowledged {
            0 => "-".to_owned(),
            _ => format!("{found} of {acknowledged}"),
        };
        write!(
            f,
            "| {fault} | {what} | {injected} | {acknowledged} | {duplicates} | {recovery:.1} s | {seen} | {verdict} |"
        )
    }
}

type Scenario = for<'a> fn(&'a mut Fixture, Scale) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>>;

/// In the order in which they run; the flag marks those of `--quick`.
pub const ALL: [(&str, bool, Scenario); 11] = [
    ("F1", true, |fixture, scale| Box::pin(import::run(fixture, scale))),
    ("F2", false, |fixture, scale| Box::pin(worker::run(fixture, scale))),
    ("F3", true, |fixture, scale| Box::pin(stop::run(fixture, scale))),
    ("F4", true, |fixture, scale| Box::pin(redis::run(fixture, scale))),
    ("F5", true, |fixture, scale| Box::pin(postgres::run(fixture, scale))),
    ("F7", true, |fixture, scale| Box::pin(mail::run(fixture, scale))),
    ("F10", true, |fixture, scale| Box::pin(hooks::run(fixture, scale))),
    ("F12", false, |fixture, scale| Box::pin(clock::run(fixture, scale))),
    ("F19", false, |fixture, scale| Box::pin(flood::run(fixture, scale))),
    ("F23", false, |fixture, scale| Box::pin(soak::run(fixture, scale))),
    ("two nodes", true, |fixture, scale| Box::pin(nodes::run(fixture, scale))),
];
