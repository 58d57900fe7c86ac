//! Domain back-off: defers the emails to a domain that rejected us by policy.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{error::Result, notifications::suppressions};

/// How long such a domain gets nothing. More of the same makes it worse, and the operator has something to fix first.
pub const BACKOFF: TimeDelta = TimeDelta::hours(1);
/// `notifications.bounce_type` of a policy rejection.
pub const POLICY: &str = "policy";

/// Defers what waits for the domain of `recipient`, which rejected an email with the text `reply`. Other domains are not
/// affected, and no address is suppressed.
pub async fn defer_domain(tx: &mut PgConnection, now: DateTime<Utc>, recipient: &str, reply: &str) -> Result<()> {
    let address = suppressions::normalise_address(recipient);
    let domain = address.rsplit('@').next().unwrap_or_default();
    let reply = transports::redact_addresses(reply);
    tracing::error!(domain, reply, "this domain rejects our email; see docs/runbooks/mail-does-not-arrive.md");
    sqlx::query!(
        "update notifications set run_at = $2
        where state = 'queued' and channel = 'email' and run_at < $2 and expires_at > $2
            and lower(split_part(recipient, '@', 2)) = $1",
        domain,
        now + BACKOFF,
    )
    .execute(tx)
    .await?;
    Ok(())
}
