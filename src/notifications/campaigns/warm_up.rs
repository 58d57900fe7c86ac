//! Warm-up: a new host's invitations are sent over several days. Mailbox providers trust senders who grow slowly, and
//! an account opened to send spam gets nowhere.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{error::Result, ids::UserId};

/// Invitation emails per day, from the day of a host's first one; later days are like the last.
const QUOTAS: [i64; 4] = [100, 500, 2_000, 5_000];

/// What is left of a host's quota on each day.
struct DailyQuota {
    /// When the first invitation was sent.
    first: DateTime<Utc>,
    /// Day since the first, and the invitations scheduled for it.
    scheduled: Vec<(i64, i64)>,
    day: i64,
    /// What is left on `day`.
    left: i64,
}

impl DailyQuota {
    /// The quota of `host`, in which the invitations in `new` are not scheduled yet.
    async fn of(db: &mut PgConnection, now: DateTime<Utc>, host: UserId, new: &[Uuid]) -> Result<Self> {
        let rows = sqlx::query!(
            r#"
            with theirs as (
                select run_at, min(run_at) over () as first from notifications
                where host_id = $1 and kind = 'invitation' and channel = 'email'
                    and state not in ('cancelled', 'suppressed') and id <> all ($2)
            )
            select first as "first!", floor(extract(epoch from run_at - first) / 86400)::bigint as "day!",
                count(*) as "count!"
            from theirs group by 1, 2
            "#,
            host.0,
            new,
        )
        .fetch_all(db)
        .await?;
        let first: DateTime<Utc> = rows.first().map_or(now, |row| row.first);
        let scheduled = rows.into_iter().map(|row| (row.day, row.count)).collect();
        let mut quota = Self { first, scheduled, day: (now - first).num_days(), left: 0 };
        quota.left = quota.on(quota.day);
        Ok(quota)
    }

    fn on(&self, day: i64) -> i64 {
        let quota = QUOTAS[usize::try_from(day).unwrap_or_default().min(QUOTAS.len() - 1)];
        let scheduled: i64 = self.scheduled.iter().filter(|(other, _)| *other == day).map(|(_, count)| count).sum();
        (quota - scheduled).max(0)
    }

    /// The time at which the next invitation is sent.
    fn next(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        while self.left == 0 {
            self.day += 1;
            self.left = self.on(self.day);
        }
        self.left -= 1;
        (self.first + TimeDelta::days(self.day)).max(now)
    }
}

/// How many of `count` invitations would be sent later than today.
pub async fn later(db: &PgPool, now: DateTime<Utc>, host: UserId, count: i64) -> Result<i64> {
    let quota = DailyQuota::of(&mut *db.acquire().await?, now, host, &[]).await?;
    Ok((count - quota.left).max(0))
}

/// Schedules the invitations that were enqueued at `now` within the host's daily quota, in the caller's transaction.
/// Returns how many are sent later.
pub async fn schedule(tx: &mut PgConnection, now: DateTime<Utc>, host: UserId) -> Result<usize> {
    let new = sqlx::query_scalar!(
        "select id from notifications
        where host_id = $1 and kind = 'invitation' and channel = 'email' and state = 'queued' and run_at = $2 order by id",
        host.0,
        now,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut quota = DailyQuota::of(&mut *tx, now, host, &new).await?;
    let (mut ids, mut times) = (Vec::new(), Vec::new());
    for id in new {
        let at = quota.next(now);
        if at > now {
            ids.push(id);
            times.push(at);
        }
    }
    sqlx::query!(
        "update notifications n set run_at = l.at, expires_at = n.expires_at + (l.at - n.run_at)
        from unnest($2::uuid[], $3::timestamptz[]) as l (id, at) where n.host_id = $1 and n.id = l.id",
        host.0,
        &ids,
        &times,
    )
    .execute(tx)
    .await?;
    Ok(ids.len())
}
