use sqlx::PgConnection;

use super::{
    password,
    record::{record, record_by},
    token,
};
use crate::{
    auth::{Act, AddressForm, Host, Purpose},
    backend::Backend,
    error::{OnConstraint, Result},
    ids::{Token, UserId},
    notifications::{self, Kind},
    problem::{Conflict, LinkEnd, Problem},
    problem::{FieldError, Fields},
};

/// The holder of a verification link proves the account's address.
pub async fn verify(backend: &Backend, token: &Token, device: &str) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let used = token::consume(&mut tx, now, token, &[Purpose::Verify]).await?;
    let proven = sqlx::query!(
        "update users set verified_at = coalesce(verified_at, $3) where id = $1 and lower(email) = lower($2)",
        used.user.0,
        used.email,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if proven == 0 {
        // The account has another address by now.
        return Err(Problem::LinkEnded(LinkEnd::Expired).into());
    }
    record_by(&mut tx, now, used.user, Act::Verified, "", device).await?;
    tx.commit().await?;
    Ok(())
}

/// Begins to move the account to another address. Both ends get a mail and have to agree.
pub async fn change_address(backend: &Backend, host: &Host, form: &AddressForm) -> Result<()> {
    let mut fields = Fields::default();
    let email = fields.required_email("email", &form.email);
    if email.to_lowercase() == host.email().to_lowercase() {
        fields.fault("email", FieldError::SameAddress);
    }
    fields.given("current_password", &form.current_password);
    let email = fields.finish(email)?;
    password::confirm(backend, host, &form.current_password).await?;

    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let leave = token::issue(&mut tx, backend, host.id(), Purpose::LeaveAddress, &email).await?;
    let take = token::issue(&mut tx, backend, host.id(), Purpose::TakeAddress, &email).await?;
    let enqueue = notifications::actions::enqueue_account;
    enqueue(&mut tx, now, host.id(), Kind::LeaveAddress, host.email(), Some(leave)).await?;
    enqueue(&mut tx, now, host.id(), Kind::TakeAddress, &email, Some(take)).await?;
    record(&mut tx, now, host, Act::AddressChangeAsked, &email).await?;
    tx.commit().await?;
    Ok(())
}

/// One end agrees that the account moves; with the second the account has the new address. Returns whether it has.
pub async fn agree_to_new_address(backend: &Backend, token: &Token, device: &str) -> Result<bool> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let used = token::consume(&mut tx, now, token, &[Purpose::LeaveAddress, Purpose::TakeAddress]).await?;
    // Both ends may agree at the same moment: the account's row lets the second see the first.
    let old = sqlx::query_scalar!("select email from users where id = $1 for no key update", used.user.0)
        .fetch_one(&mut *tx)
        .await?;
    if !both_agreed(&mut tx, used.user, &used.email, now).await? {
        tx.commit().await?;
        return Ok(false);
    }
    sqlx::query!("update users set email = $2, verified_at = $3 where id = $1", used.user.0, used.email, now)
        .execute(&mut *tx)
        .await
        .on_constraint("users_email_key", Problem::Conflict(Conflict::AddressTaken))?;
    // Links that went to the old address are void.
    sqlx::query!(
        "update account_tokens set used_at = $2, token_sealed = null where user_id = $1 and used_at is null",
        used.user.0,
        now,
    )
    .execute(&mut *tx)
    .await?;
    record_by(&mut tx, now, used.user, Act::AddressChanged, &used.email, device).await?;
    notifications::actions::enqueue_account(&mut tx, now, used.user, Kind::AddressChanged, &old, None).await?;
    tx.commit().await?;
    Ok(true)
}

async fn both_agreed(
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
