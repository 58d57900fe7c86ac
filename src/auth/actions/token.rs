use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{
    auth::Purpose,
    backend::Backend,
    error::Result,
    ids::{AccountTokenId, Token, UserId},
    problem::{LinkEnd, Problem},
    secrets,
};

/// Whose token was used, and the address it stands for.
pub(super) struct Used {
    pub user: UserId,
    pub email: String,
}

/// Makes a token for the mail that `tx` enqueues. Earlier ones stay good: somebody who asks again must not make the
/// mail that is on its way useless.
pub(super) async fn issue(
    tx: &mut PgConnection,
    backend: &Backend,
    user: UserId,
    purpose: Purpose,
    email: &str,
) -> Result<AccountTokenId> {
    let (id, token, now) = (AccountTokenId::new(), secrets::random_token()?, backend.clock.now());
    sqlx::query!(
        "insert into account_tokens (user_id, id, purpose, token_hash, token_sealed, email, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)",
        user.0,
        id.0,
        purpose.key(),
        secrets::token_hash(&token),
        backend.secrets.seal(&token, id.0)?,
        email,
        now,
        now + TimeDelta::hours(purpose.hours()),
    )
    .execute(tx)
    .await?;
    Ok(id)
}

/// Uses a token up, in one statement, so that it works once however many try.
///
/// # Errors
/// `LinkEnded` for a token that is unknown, expired or used: the three are not told apart.
pub(super) async fn consume(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    token: &Token,
    purposes: &[Purpose],
) -> Result<Used> {
    let purposes: Vec<String> = purposes.iter().map(|purpose| purpose.key().to_owned()).collect();
    let used = sqlx::query_as!(
        Used,
        r#"
        update account_tokens set used_at = $3, token_sealed = null
        where token_hash = $1 and purpose = any ($2) and used_at is null and expires_at > $3
        returning user_id as "user: UserId", email
        "#,
        secrets::token_hash(&token.0),
        &purposes,
        now,
    )
    .fetch_optional(tx)
    .await?;
    used.ok_or_else(|| Problem::LinkEnded(LinkEnd::Expired).into())
}

/// Forgets the clear text of a token whose mail has left; the hash stays, by which it is found.
pub async fn forget_clear_token(tx: &mut PgConnection, user: UserId, id: AccountTokenId) -> Result<()> {
    sqlx::query!("update account_tokens set token_sealed = null where user_id = $1 and id = $2", user.0, id.0)
        .execute(tx)
        .await?;
    Ok(())
}
