//! Consent to the legal documents.

use crate::{actors::Host, backend::Backend, error::Result, legal::LegalDocument};

/// Accepts both documents in their current versions. Accepting the same version again keeps the first date.
pub async fn accept(backend: &Backend, host: &Host) -> Result<()> {
    let now = backend.clock.now();
    sqlx::query!(
        "update users set
            terms_accepted_at = case when terms_version is distinct from $2 then $4 else terms_accepted_at end,
            terms_version = $2,
            privacy_policy_accepted_at =
                case when privacy_policy_version is distinct from $3 then $4 else privacy_policy_accepted_at end,
            privacy_policy_version = $3
        where id = $1",
        host.id().0,
        LegalDocument::Terms.current(),
        LegalDocument::PrivacyPolicy.current(),
        now,
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}
