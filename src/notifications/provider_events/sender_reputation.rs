//! Sender reputation: a host's bounce and complaint rates, and the pause when they exceed a threshold.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgExecutor};

use crate::{error::Result, ids::UserId};

/// Days over which a host's emails are counted.
const WINDOW_DAYS: i64 = 30;
/// Complaints per 10,000 emails at which a host is paused, and the number of emails from which the rate counts. Mailbox
/// providers want it below 0.1 % (support.google.com/a/answer/81126).
const COMPLAINT_THRESHOLD: i64 = 10;
const COMPLAINT_SAMPLE: i64 = 500;
/// The same for hard bounces. Amazon reviews a sender at 5 %
/// (docs.aws.amazon.com/ses/latest/dg/reputationdashboard-bounce-rate.html).
const BOUNCE_THRESHOLD: i64 = 400;
const BOUNCE_SAMPLE: i64 = 100;

/// A host's emails of the last 30 days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderReputation {
    pub sent: i64,
    /// Hard bounces.
    pub bounced: i64,
    pub complained: i64,
    /// Why the host is paused: `bounces` or `complaints`.
    pub paused: Option<String>,
}

/// A rate compared with its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reputation {
    Good,
    /// At half of the threshold.
    Warning,
    /// At the threshold: the host is paused.
    Bad,
}

impl SenderReputation {
    pub async fn of(db: impl PgExecutor<'_>, host: UserId, now: DateTime<Utc>) -> Result<Self> {
        Ok(sqlx::query_as!(
            Self,
            r#"
            select count(n.id) as "sent!", count(*) filter (where n.bounce_type = 'hard') as "bounced!",
                count(*) filter (where n.state = 'complained') as "complained!", u.sending_paused as paused
            from users u
            left join notifications n on n.host_id = u.id and n.guest_id is not null and n.channel = 'email'
                and n.created_at > $2 and n.state in ('sent', 'delivered', 'bounced', 'complained')
            where u.id = $1 group by u.id
            "#,
            host.0,
            now - TimeDelta::days(WINDOW_DAYS),
        )
        .fetch_one(db)
        .await?)
    }

    pub fn bounces(&self) -> Reputation {
        self.rate(self.bounced, BOUNCE_THRESHOLD, BOUNCE_SAMPLE)
    }

    pub fn complaints(&self) -> Reputation {
        self.rate(self.complained, COMPLAINT_THRESHOLD, COMPLAINT_SAMPLE)
    }

    fn rate(&self, count: i64, threshold: i64, sample: i64) -> Reputation {
        match count * 10_000 {
            _ if self.sent < sample => Reputation::Good,
            share if share >= self.sent * threshold => Reputation::Bad,
            share if share * 2 >= self.sent * threshold => Reputation::Warning,
            _ => Reputation::Good,
        }
    }
}

/// Pauses a host whose bounces or complaints reached the threshold: one bad sender harms everybody's delivery.
pub async fn pause_if_above_threshold(tx: &mut PgConnection, host: UserId, now: DateTime<Utc>) -> Result<()> {
    let reputation = SenderReputation::of(&mut *tx, host, now).await?;
    let reason = match (reputation.complaints(), reputation.bounces()) {
        (Reputation::Bad, _) => "complaints",
        (_, Reputation::Bad) => "bounces",
        _ => return Ok(()),
    };
    sqlx::query!("update users set sending_paused = $2 where id = $1 and sending_paused is null", host.0, reason)
        .execute(tx)
        .await?;
    Ok(())
}
