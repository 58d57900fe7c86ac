use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{error::Result, ids::UserId};

/// Days over which a host's messages are counted.
const DAYS: i64 = 30;
/// Spam complaints in ten thousand messages at which a host is paused, once so many were sent. Mail providers want it
/// below a thousandth (support.google.com/a/answer/81126).
const MOST_COMPLAINTS: i64 = 10;
const COMPLAINTS_FROM: i64 = 500;
/// Hard bounces in ten thousand messages at which a host is paused, once so many were sent. Amazon reviews a sender at
/// 5 % (docs.aws.amazon.com/ses/latest/dg/reputationdashboard-bounce-rate.html).
const MOST_BOUNCES: i64 = 400;
const BOUNCES_FROM: i64 = 100;

/// Pauses a host whose messages come back or are called spam too often: everybody's mail suffers from one sender.
pub async fn pause_if_unwell(tx: &mut PgConnection, host: UserId, now: DateTime<Utc>) -> Result<()> {
    let counted = sqlx::query!(
        r#"
        select count(*) as "sent!", count(*) filter (where bounce_type = 'hard') as "bounced!",
            count(*) filter (where state = 'complained') as "complained!"
        from notifications
        where host_id = $1 and guest_id is not null and channel = 'email' and created_at > $2
            and state in ('sent', 'delivered', 'bounced', 'complained')
        "#,
        host.0,
        now - TimeDelta::days(DAYS),
    )
    .fetch_one(&mut *tx)
    .await?;
    let too_many = |what: i64, most: i64, from: i64| counted.sent >= from && what * 10_000 >= counted.sent * most;
    let reason = if too_many(counted.complained, MOST_COMPLAINTS, COMPLAINTS_FROM) {
        "complaints"
    } else if too_many(counted.bounced, MOST_BOUNCES, BOUNCES_FROM) {
        "bounces"
    } else {
        return Ok(());
    };
    sqlx::query!("update users set sending_paused = $2 where id = $1 and sending_paused is null", host.0, reason,)
        .execute(tx)
        .await?;
    Ok(())
}
