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
