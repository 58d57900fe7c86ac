//! Privacy queries: consent, and what an account contains.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{actors::Host, backend::Backend, error::Result};

/// A host's consent to the legal documents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Consent {
    pub terms_version: Option<String>,
    pub terms_accepted_at: Option<DateTime<Utc>>,
    pub privacy_policy_version: Option<String>,
    pub privacy_policy_accepted_at: Option<DateTime<Utc>>,
}

pub async fn consent(backend: &Backend, host: &Host) -> Result<Consent> {
    let consent = sqlx::query_as!(
        Consent,
        "select terms_version, terms_accepted_at, privacy_policy_version, privacy_policy_accepted_at
        from users where id = $1",
        host.id().0,
    );
    Ok(consent.fetch_one(&backend.db).await?)
}

/// What deleting an account erases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountContents {
    pub events: i64,
    pub guests: i64,
    /// Valid invitation links.
    pub links: i64,
    /// Queued messages.
    pub waiting: i64,
    /// Has a paid plan.
    pub pays: bool,
}

pub async fn account_contents(backend: &Backend, host: &Host) -> Result<AccountContents> {
    Ok(sqlx::query_as!(
        AccountContents,
        r#"
        select (select count(*) from events where host_id = $1) as "events!",
            (select count(*) from guests where host_id = $1 and deleted_at is null) as "guests!",
            (select count(*) from invitations where host_id = $1 and ended_at is null) as "links!",
            (select count(*) from notifications where host_id = $1 and state = 'queued') as "waiting!",
            exists (select from subscriptions where host_id = $1 and grants_tier) as "pays!"
        "#,
        host.id().0,
    )
    .fetch_one(&backend.db)
    .await?)
}
