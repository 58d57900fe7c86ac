//! The last check before a send, and the pause of a host's sends that erasures wait for.

use std::time::Duration;

use transports::TIMEOUT;

use super::claim::Claimed;
use crate::{
    backend::Backend,
    error::Result,
    guests::status::GuestTx,
    ids::{GuestId, UserId},
    notifications::{
        outbox::Content,
        suppressions::{Reason, address_hash, normalise_address},
    },
};

/// Longest time from [`begin_send`] to the end of a send, whatever it involves. Erasing somebody waits that long.
pub(in crate::notifications) const DEADLINE: Duration = TIMEOUT.saturating_add(Duration::from_millis(500));

/// Time between two tries to get the host's lock, and between two looks at their sends in flight.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// Whether a claimed notification is sent.
pub(in crate::notifications) enum Dispatch {
    Proceed,
    Suppressed(Reason),
    /// Its lease was taken away meanwhile.
    Cancelled,
}

/// Re-checks the suppression list and marks the notification in flight, in one statement; after it the send cannot be
/// recalled. While [`quiesce_host`] holds the host, this waits without a connection.
///
/// Commits without waiting for the disk, as [`super::record::mark_sent`] does.
pub(in crate::notifications) async fn begin_send(backend: &Backend, claimed: &Claimed) -> Result<Dispatch> {
    let notification = &claimed.notification;
    loop {
        let row = sqlx::query!(
            r#"
            with host_lock as (
                select pg_try_advisory_xact_lock_shared($4) as free, set_config('synchronous_commit', 'off', true)
            ), suppression as (
                select reason from suppressions_of($1, $5, $6)
                where ($7 or reason not in ('unsubscribed', 'erased'))
                order by at limit 1
            ), started as (
                update notifications set send_began_at = clock_timestamp() from host_lock
                where host_lock.free and host_id = $1 and id = $2 and state = 'sending' and lease_owner = $3
                    and not exists (select from suppression)
                returning id
            )
            select (select free from host_lock) as "free!", exists (select from started) as "started!",
                (select reason from suppression) as "reason: Reason"
            "#,
            notification.host.0,
            notification.id.0,
            claimed.owner,
            lock_key(notification.host),
            normalise_address(&notification.recipient),
            address_hash(&backend.secrets, &notification.recipient)?,
            matches!(notification.content, Content::Guest { .. }),
        )
        .fetch_one(&backend.db)
        .await?;
        match (row.reason, row.free) {
            (Some(reason), _) => return Ok(Dispatch::Suppressed(reason)),
            (None, true) => return Ok(if row.started { Dispatch::Proceed } else { Dispatch::Cancelled }),
            (None, false) => tokio::time::sleep(RETRY_INTERVAL).await,
        }
    }
}

/// Begins a transaction during which nothing of the host's is sent, after waiting for the sends in flight to `guest`, or to
/// anybody. It waits for another such transaction without holding a connection.
pub(crate) async fn quiesce_host(backend: &Backend, host: UserId, guest: Option<GuestId>) -> Result<GuestTx> {
    let mut tx = loop {
        let mut tx = backend.db.begin().await?;
        let locked = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "free!""#, lock_key(host));
        if locked.fetch_one(&mut *tx).await? {
            break tx;
        }
        tx.rollback().await?;
        tokio::time::sleep(RETRY_INTERVAL).await;
    };
    loop {
        let in_flight = sqlx::query_scalar!(
            r#"
            select exists (select from notifications
                where host_id = $1 and state = 'sending' and ($2::uuid is null or guest_id = $2)
                    and lease_owner is not null and send_began_at > clock_timestamp() - make_interval(secs => $3)) as "in_flight!"
            "#,
            host.0,
            guest.map(|guest| guest.0),
            // A send that began earlier has ended, even if its result was never recorded.
            DEADLINE.as_secs_f64() + 0.5,
        )
        .fetch_one(&mut *tx)
        .await?;
        if !in_flight {
            return Ok(tx.into());
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}

/// The advisory lock of a host's notifications. The second half of an id is random.
fn lock_key(host: UserId) -> i64 {
    host.0.as_u64_pair().1.cast_signed()
}
