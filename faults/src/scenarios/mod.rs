/// F12: a node whose clock is wrong.
mod clock;
/// F19: many who want a password compared, and connections that say nothing.
mod flood;
/// F10: what a provider tells a hundred times.
mod hooks;
/// F1: the node dies while a list comes in.
mod import;
/// F7 and F22: a mail server with moods, and guests who are erased meanwhile.
mod mail;
/// Two nodes and a worker behind HAProxy, and a standby that takes over.
mod nodes;
/// F5 and F6: PostgreSQL crashes, falls silent, or is slow.
mod postgres;
/// F4: Redis is away, silent, or empty.
mod redis;
/// F23: everything at random for a while.
mod soak;
/// F3: a node is told to stop while guests answer.
mod stop;
/// F2: the worker dies again and again.
mod worker;

use std::fmt;

use futures::future::LocalBoxFuture;

use crate::{load::Answered, world::World};

/// How much of it.
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

/// What came of a fault.
#[derive(Debug, Default)]
pub struct Row {
    pub fault: &'static str,
    pub what: String,
    pub injected: usize,
    /// Writes that somebody was told are kept, and how many of them are there.
    pub acknowledged: usize,
    pub found: usize,
    pub duplicates: usize,
    /// Seconds until all went on as before, of the slowest time.
    pub recovery: f64,
    pub seen: String,
    /// What should not have happened.
    pub broken: Vec<String>,
}

impl Row {
    pub fn new(fault: &'static str, what: impl Into<String>) -> Self {
        Self { fault, what: what.into(), ..Self::default() }
    }

    /// Notes what should not have happened, unless it did not.
    pub fn expect(&mut self, fine: bool, otherwise: impl fmt::Display) {
        if !fine {
            self.broken.push(otherwise.to_string());
        }
    }

    /// Counts the answers that were acknowledged, and those of them that are there; the world keeps them.
    pub async fn answers(&mut self, world: &mut World, answered: Vec<Answered>) -> anyhow::Result<()> {
        let messages: Vec<_> =
            answered.iter().filter(|one| one.is_acknowledged()).map(|one| one.message.clone()).collect();
        let kept: Vec<i64> =
            sqlx::query_scalar("select count(*) from rsvp_history where message = any ($1) group by message")
                .bind(&messages)
                .fetch_all(&mut world.database().await?)
                .await?;
        self.acknowledged += messages.len();
        self.found += kept.len();
        self.duplicates += usize::try_from(kept.iter().sum::<i64>())? - kept.len();
        world.answered.extend(answered);
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

type Scenario = for<'a> fn(&'a mut World, Scale) -> LocalBoxFuture<'a, anyhow::Result<Vec<Row>>>;

/// All of them, in the order in which they are run; the flag says which belong to the short selection.
pub const ALL: [(&str, bool, Scenario); 11] = [
    ("F1", true, |world, scale| Box::pin(import::run(world, scale))),
    ("F2", false, |world, scale| Box::pin(worker::run(world, scale))),
    ("F3", true, |world, scale| Box::pin(stop::run(world, scale))),
    ("F4", true, |world, scale| Box::pin(redis::run(world, scale))),
    ("F5", true, |world, scale| Box::pin(postgres::run(world, scale))),
    ("F7", true, |world, scale| Box::pin(mail::run(world, scale))),
    ("F10", true, |world, scale| Box::pin(hooks::run(world, scale))),
    ("F12", false, |world, scale| Box::pin(clock::run(world, scale))),
    ("F19", false, |world, scale| Box::pin(flood::run(world, scale))),
    ("F23", false, |world, scale| Box::pin(soak::run(world, scale))),
    ("two nodes", true, |world, scale| Box::pin(nodes::run(world, scale))),
];
