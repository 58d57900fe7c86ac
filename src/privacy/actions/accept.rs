use crate::{auth::Host, backend::Backend, error::Result, privacy::Document};

/// The host agrees to both documents as they are now. Who agreed to them before did so then: nothing changes.
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
        Document::Terms.current(),
        Document::PrivacyPolicy.current(),
        now,
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}
