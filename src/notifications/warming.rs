//! A new host's invitations leave over several days: mail providers trust a sender who grows slowly, and whoever opened
//! an account to send spam gets nowhere.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{error::Result, ids::UserId};

/// Invitations that leave by mail on a host's first days, counted from the first one; later days are like the last.
const DAYS: [i64; 4] = [100, 500, 2_000, 5_000];

/// How many mails a host still has on each day.
struct Room {
    /// When the first invitation left.
    first: DateTime<Utc>,
    /// Invitations by day, counted from the first.
    taken: Vec<(i64, i64)>,
    day: i64,
    /// What is left of `day`.
    left: i64,
}

impl Room {
    /// Invitations in `new` have no place yet.
    async fn of(db: &mut PgConnection, now: DateTime<Utc>, host: UserId, new: &[Uuid]) -> Result<Self> {
        let found = sqlx::query!(
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
        let first: DateTime<Utc> = found.first().map_or(now, |row| row.first);
        let taken = found.into_iter().map(|row| (row.day, row.count)).collect();
        let mut room = Self { first, taken, day: (now - first).num_days(), left: 0 };
        room.left = room.on(room.day);
        Ok(room)
    }

    fn on(&self, day: i64) -> i64 {
        let most = DAYS[usize::try_from(day).unwrap_or_default().min(DAYS.len() - 1)];
        let taken: i64 = self.taken.iter().filter(|(other, _)| *other == day).map(|(_, count)| count).sum();
        (most - taken).max(0)
    }

    /// When the next invitation leaves.
    fn next(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        while self.left == 0 {
            self.day += 1;
            self.left = self.on(self.day);
        }
        self.left -= 1;
        (self.first + TimeDelta::days(self.day)).max(now)
    }
}

/// How many of `many` invitations would leave later than now.
pub async fn later(db: &PgPool, now: DateTime<Utc>, host: UserId, many: i64) -> Result<i64> {
    let room = Room::of(&mut *db.acquire().await?, now, host, &[]).await?;
    Ok((many - room.left).max(0))
}

/// Spreads the invitations that were put into the outbox just now over the days on which they may leave, in the caller's
/// transaction. Returns how many leave later.
pub async fn spread(tx: &mut PgConnection, now: DateTime<Utc>, host: UserId) -> Result<usize> {
    let new = sqlx::query_scalar!(
        "select id from notifications
        where host_id = $1 and kind = 'invitation' and channel = 'email' and state = 'queued' and run_at = $2 order by id",
        host.0,
        now,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut room = Room::of(&mut *tx, now, host, &new).await?;
    let (mut ids, mut times) = (Vec::new(), Vec::new());
    for id in new {
        let at = room.next(now);
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
