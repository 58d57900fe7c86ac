use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{auth::Host, backend::Backend, error::Result};

/// What a host agreed to, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Consent {
    pub terms_version: Option<String>,
    pub terms_accepted_at: Option<DateTime<Utc>>,
    pub privacy_policy_version: Option<String>,
    pub privacy_policy_accepted_at: Option<DateTime<Utc>>,
}

/// What the host agreed to.
pub async fn consent(backend: &Backend, host: &Host) -> Result<Consent> {
    let consent = sqlx::query_as!(
        Consent,
        "select terms_version, terms_accepted_at, privacy_policy_version, privacy_policy_accepted_at
        from users where id = $1",
        host.id().0,
    );
    Ok(consent.fetch_one(&backend.db).await?)
}

/// What would go with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belongings {
    pub events: i64,
    pub guests: i64,
    /// Links that open.
    pub links: i64,
    /// Messages that wait.
    pub waiting: i64,
    /// Pays for a plan.
    pub pays: bool,
}

/// What would go with the account of `host`.
pub async fn belongings(backend: &Backend, host: &Host) -> Result<Belongings> {
    Ok(sqlx::query_as!(
        Belongings,
        r#"
        select (select count(*) from events where host_id = $1) as "events!",
            (select count(*) from guests where host_id = $1 and deleted_at is null) as "guests!",
            (select count(*) from invitations where host_id = $1 and ended_at is null) as "links!",
            (select count(*) from notifications where host_id = $1 and state = 'queued') as "waiting!",
            exists (select from subscriptions where host_id = $1 and grants) as "pays!"
        "#,
        host.id().0,
    )
    .fetch_one(&backend.db)
    .await?)
}
