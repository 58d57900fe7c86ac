//! Fault scenarios.

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

use crate::{fixture::Fixture, load::SentReply};

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
    pub observed: String,
    /// Violated guarantees.
    pub violations: Vec<String>,
}

impl Row {
    pub fn new(fault: &'static str, what: impl Into<String>) -> Self {
        Self { fault, what: what.into(), ..Self::default() }
    }

    /// Records `violation` unless `holds`.
    pub fn expect(&mut self, holds: bool, violation: impl fmt::Display) {
        if !holds {
            self.violations.push(violation.to_string());
        }
    }

    /// Counts the acknowledged replies and how many of them are stored. The fixture keeps all replies.
    pub async fn count_replies(&mut self, fixture: &mut Fixture, replies: Vec<SentReply>) -> anyhow::Result<()> {
        let messages: Vec<_> =
            replies.iter().filter(|reply| reply.is_acknowledged()).map(|reply| reply.message.clone()).collect();
        let stored: Vec<i64> =
            sqlx::query_scalar("select count(*) from rsvp_history where message = any ($1) group by message")
                .bind(&messages)
                .fetch_all(&mut fixture.database().await?)
                .await?;
        self.acknowledged += messages.len();
        self.found += stored.len();
        self.duplicates += usize::try_from(stored.iter().sum::<i64>())? - stored.len();
        fixture.replies.extend(replies);
        Ok(())
    }

    pub fn recovered(&mut self, seconds: f64) {
        self.recovery = self.recovery.max(seconds);
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, what, injected, acknowledged, found, duplicates, recovery, observed, violations } = self;
        let verdict =
            if violations.is_empty() { "held".to_owned() } else { format!("VIOLATED: {}", violations.join("; ")) };
        let acknowledged = match acknowledged {
            0 => "-".to_owned(),
            _ => format!("{found} of {acknowledged}"),
        };
        write!(
            f,
            "| {fault} | {what} | {injected} | {acknowledged} | {duplicates} | {recovery:.1} s | {observed} | {verdict} |"
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
