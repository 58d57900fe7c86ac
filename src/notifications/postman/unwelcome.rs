use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{
    error::Result,
    notifications::{senders::nameless, suppressions},
};

/// How long a domain that takes no mail of ours is left alone. More of the same would make it worse, and the operator has
/// to mend something first.
pub const REST: TimeDelta = TimeDelta::hours(1);
/// The kind of bounce, in the database.
pub const POLICY: &str = "policy";

/// Puts off what waits for the domain of `recipient`, because it takes no mail of ours, in its own words `said`. Other
/// domains get theirs, and no address is held responsible.
pub async fn leave_alone(tx: &mut PgConnection, now: DateTime<Utc>, recipient: &str, said: &str) -> Result<()> {
    let address = suppressions::normal(recipient);
    let domain = address.rsplit('@').next().unwrap_or_default();
    let said = nameless(said);
    tracing::error!(domain, said, "this domain takes no mail of ours; see docs/runbooks/mail-does-not-arrive.md");
    sqlx::query!(
        "update notifications set run_at = $2
        where state = 'queued' and channel = 'email' and run_at < $2 and expires_at > $2
            and lower(split_part(recipient, '@', 2)) = $1",
        domain,
        now + REST,
    )
    .execute(tx)
    .await?;
    Ok(())
}
