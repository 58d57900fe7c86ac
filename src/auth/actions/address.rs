//! Email address verbs: verify it, change it.

use sqlx::PgConnection;

use super::{password, token};
use crate::{
    actors::{Actor, Host},
    audit::{self, AuditEvent},
    auth::{AddressForm, Purpose},
    backend::Backend,
    error::{OnConstraint, Result},
    ids::{Token, UserId},
    notifications::{self, AccountMessage},
    problem::{Conflict, FieldError, Fields, LinkEnd, Problem},
};

/// Verifies the account's address by the link from an email.
pub async fn verify(backend: &Backend, token: &Token, device: &str) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let token = token::consume(&mut tx, now, token, &[Purpose::Verify]).await?;
    let updated = sqlx::query!(
        "update users set verified_at = coalesce(verified_at, $3) where id = $1 and lower(email) = lower($2)",
        token.user.0,
        token.email,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if updated == 0 {
        // The account's address has changed since.
        return Err(Problem::LinkEnded(LinkEnd::Expired).into());
    }
    audit::record(&mut tx, now, Actor { user: token.user, device }, AuditEvent::Verified, "").await?;
    tx.commit().await?;
    Ok(())
}

/// Starts a change of address. Both addresses get an email and must confirm.
pub async fn change_address(backend: &Backend, host: &Host, form: &AddressForm) -> Result<()> {
    let mut fields = Fields::default();
    let email = fields.required_email("email", &form.email);
    if email.to_lowercase() == host.email().to_lowercase() {
        fields.error("email", FieldError::SameAddress);
    }
    fields.require("current_password", &form.current_password);
    let email = fields.finish(email)?;
    password::confirm(backend, host, &form.current_password).await?;

    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let leave = token::issue(&mut tx, backend, now, host.id(), Purpose::LeaveAddress, &email).await?;
    let take = token::issue(&mut tx, backend, now, host.id(), Purpose::TakeAddress, &email).await?;
    let enqueue = notifications::outbox::enqueue_account;
    enqueue(&mut tx, now, host.id(), AccountMessage::LeaveAddress, host.email(), Some(leave)).await?;
    enqueue(&mut tx, now, host.id(), AccountMessage::TakeAddress, &email, Some(take)).await?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::AddressChangeRequested, &email).await?;
    tx.commit().await?;
    Ok(())
}

/// Confirms a change of address for one of the two addresses; the second confirmation applies it. Returns whether it was
/// applied.
pub async fn confirm_new_address(backend: &Backend, token: &Token, device: &str) -> Result<bool> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let token = token::consume(&mut tx, now, token, &[Purpose::LeaveAddress, Purpose::TakeAddress]).await?;
    // Both may confirm at the same time; the lock lets the second see the first.
    let old = sqlx::query_scalar!("select email from users where id = $1 for no key update", token.user.0)
        .fetch_one(&mut *tx)
        .await?;
    if !both_confirmed(&mut tx, token.user, &token.email, now).await? {
        tx.commit().await?;
        return Ok(false);
    }
    sqlx::query!("update users set email = $2, verified_at = $3 where id = $1", token.user.0, token.email, now)
        .execute(&mut *tx)
        .await
        .on_constraint("users_email_key", Problem::Conflict(Conflict::AddressTaken))?;
    // Revoke links that went to the old address.
    sqlx::query!(
        "update account_tokens set used_at = $2, token_sealed = null where user_id = $1 and used_at is null",
        token.user.0,
        now,
    )
    .execute(&mut *tx)
    .await?;
    audit::record(&mut tx, now, Actor { user: token.user, device }, AuditEvent::AddressChanged, &token.email).await?;
    notifications::outbox::enqueue_account(&mut tx, now, token.user, AccountMessage::AddressChanged, &old, None)
        .await?;
    tx.commit().await?;
    Ok(true)
}

async fn both_confirmed(
    tx: &mut PgConnection,
    user: UserId,
    email: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<bool> {
    let ends = sqlx::query_scalar!(
        r#"
        select count(distinct purpose) as "ends!" from account_tokens
        where user_id = $1 and lower(email) = lower($2) and purpose in ('leave-address', 'take-address')
            and used_at is not null and expires_at > $3
        "#,
        user.0,
        email,
        now,
    )
    .fetch_one(tx)
    .await?;
    Ok(ends == 2)
}
