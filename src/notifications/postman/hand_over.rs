use std::time::Duration;

use sqlx::{Postgres, Transaction};

use super::{claim::Claimed, deliver::DEADLINE};
use crate::{
    backend::Backend,
    error::Result,
    ids::{GuestId, UserId},
    notifications::suppressions::{Reason, address_hash, normal},
};

/// Time between two looks at what the other side is doing.
const LOOK: Duration = Duration::from_millis(20);

/// Whether a message leaves.
pub(super) enum Leave {
    Go,
    Stopped(Reason),
    /// Somebody took it back.
    Gone,
}

/// The last word about a message: from here on it cannot be held back. Whoever must not be written to gets nothing; and
/// while somebody is erased, what their host sends waits, without a connection, until that is through.
///
/// It does not wait for the disk, as [`super::record::stamp`] does not.
pub(super) async fn hand_over(backend: &Backend, claimed: &Claimed) -> Result<Leave> {
    loop {
        let told = sqlx::query!(
            r#"
            with turn as (
                select pg_try_advisory_xact_lock_shared($4) as free, set_config('synchronous_commit', 'off', true)
            ), stop as (
                select reason from suppressions
                where (address = $5 or address_hash = $6) and (host_id is null or host_id = $1)
                    and ($7 or reason not in ('unsubscribed', 'erased'))
                order by at limit 1
            ), went as (
                update notifications set send_began_at = clock_timestamp() from turn
                where turn.free and host_id = $1 and id = $2 and state = 'sending' and lease_owner = $3
                    and not exists (select from stop)
                returning id
            )
            select (select free from turn) as "free!", exists (select from went) as "went!",
                (select reason from stop) as "reason: Reason"
            "#,
            claimed.host.0,
            claimed.id.0,
            claimed.owner,
            lock(claimed.host),
            normal(&claimed.recipient),
            address_hash(&backend.secrets, &claimed.recipient)?,
            claimed.guest.is_some(),
        )
        .fetch_one(&backend.db)
        .await?;
        match (told.reason, told.free) {
            (Some(reason), _) => return Ok(Leave::Stopped(reason)),
            (None, true) => return Ok(if told.went { Leave::Go } else { Leave::Gone }),
            (None, false) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// A transaction during which nothing of the host's leaves; what was leaving to `guest`, or to anybody, is through. Whoever
/// has to wait for another such transaction holds no connection meanwhile.
pub(crate) async fn stand_still(
    backend: &Backend,
    host: UserId,
    guest: Option<GuestId>,
) -> Result<Transaction<'static, Postgres>> {
    let mut tx = loop {
        let mut tx = backend.db.begin().await?;
        let free = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "free!""#, lock(host));
        if free.fetch_one(&mut *tx).await? {
            break tx;
        }
        tx.rollback().await?;
        tokio::time::sleep(LOOK).await;
    };
    loop {
        let leaving = sqlx::query_scalar!(
            r#"
            select exists (select from notifications
                where host_id = $1 and state = 'sending' and ($2::uuid is null or guest_id = $2)
                    and lease_owner is not null and send_began_at > clock_timestamp() - make_interval(secs => $3)) as "leaving!"
            "#,
            host.0,
            guest.map(|guest| guest.0),
            // By then it is over, however it went.
            DEADLINE.as_secs_f64() + 0.5,
        )
        .fetch_one(&mut *tx)
        .await?;
        if !leaving {
            return Ok(tx);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The advisory lock of a host's messages. The second half of an id is random.
fn lock(host: UserId) -> i64 {
    host.0.as_u64_pair().1.cast_signed()
}
