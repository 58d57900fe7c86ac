use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgExecutor};

use crate::{error::Result, ids::UserId};

/// Days over which a host's messages are counted.
pub const DAYS: i64 = 30;
/// Spam complaints in ten thousand mails at which a host is paused, once so many were sent. Mail providers want it below
/// a thousandth (support.google.com/a/answer/81126).
const MOST_COMPLAINTS: i64 = 10;
const COMPLAINTS_FROM: i64 = 500;
/// Hard bounces in ten thousand mails at which a host is paused, once so many were sent. Amazon reviews a sender at 5 %
/// (docs.aws.amazon.com/ses/latest/dg/reputationdashboard-bounce-rate.html).
const MOST_BOUNCES: i64 = 400;
const BOUNCES_FROM: i64 = 100;

/// How a host's mail fared in the last [`DAYS`] days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub sent: i64,
    /// Came back because there is no such mailbox.
    pub bounced: i64,
    /// Called spam.
    pub complained: i64,
    /// Why nothing more leaves: `bounces` or `complaints`.
    pub paused: Option<String>,
}

/// How a figure stands to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Fine,
    /// Half of the limit is reached.
    Warning,
    /// The host is paused.
    TooMuch,
}

impl Health {
    /// The health of `host`'s mail.
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
            now - TimeDelta::days(DAYS),
        )
        .fetch_one(db)
        .await?)
    }

    /// How the bounces stand.
    pub fn bounces(&self) -> Standing {
        self.standing(self.bounced, MOST_BOUNCES, BOUNCES_FROM)
    }

    /// How the complaints stand.
    pub fn complaints(&self) -> Standing {
        self.standing(self.complained, MOST_COMPLAINTS, COMPLAINTS_FROM)
    }

    fn standing(&self, what: i64, most: i64, from: i64) -> Standing {
        match what * 10_000 {
            _ if self.sent < from => Standing::Fine,
            share if share >= self.sent * most => Standing::TooMuch,
            share if share * 2 >= self.sent * most => Standing::Warning,
            _ => Standing::Fine,
        }
    }
}

/// Pauses a host whose messages come back or are called spam too often: everybody's mail suffers from one sender.
pub async fn pause_if_unwell(tx: &mut PgConnection, host: UserId, now: DateTime<Utc>) -> Result<()> {
    let health = Health::of(&mut *tx, host, now).await?;
    let reason = match (health.complaints(), health.bounces()) {
        (Standing::TooMuch, _) => "complaints",
        (_, Standing::TooMuch) => "bounces",
        _ => return Ok(()),
    };
    sqlx::query!("update users set sending_paused = $2 where id = $1 and sending_paused is null", host.0, reason)
        .execute(tx)
        .await?;
    Ok(())
}
