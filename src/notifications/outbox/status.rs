//! Outbox status, for operators.

use super::{domain_backoff::BACKOFF, pause};
use crate::{backend::Backend, error::Result};

/// The outbox as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxStatus {
    /// Why sending is paused; `None`: it is not.
    pub paused: Option<String>,
    /// Notifications that are due.
    pub waiting: i64,
    /// Age of the oldest of them, in seconds.
    pub oldest_seconds: i64,
    pub sending: i64,
    /// Domains that rejected us by policy within the last hour: our domain lacks authentication, or sent too much.
    pub deferred_domains: Vec<String>,
}

/// Reads the status of the outbox.
pub async fn status(backend: &Backend) -> Result<OutboxStatus> {
    let now = backend.clock.now();
    let row = sqlx::query!(
        r#"
        select count(*) as "waiting!", min(run_at) as oldest,
            (select count(*) from notifications where lease_owner is not null and state = 'sending') as "sending!"
        from notifications where state = 'queued' and run_at <= $1
        "#,
        now,
    )
    .fetch_one(&backend.db)
    .await?;
    let deferred_domains = sqlx::query_scalar!(
        r#"
        select distinct lower(split_part(recipient, '@', 2)) as "domain!" from notifications
        where bounce_type = 'policy' and state_changed_at > $1 order by 1
        "#,
        now - BACKOFF,
    )
    .fetch_all(&backend.db)
    .await?;
    Ok(OutboxStatus {
        paused: pause::paused(&backend.db).await?,
        waiting: row.waiting,
        oldest_seconds: row.oldest.map_or(0, |oldest| (now - oldest).num_seconds()),
        sending: row.sending,
        deferred_domains,
    })
}
