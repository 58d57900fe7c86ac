//! Single-use tokens of account emails.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::{
    auth::Purpose,
    backend::Backend,
    error::Result,
    ids::{AccountTokenId, Token, UserId},
    links::Links,
    problem::{LinkEnd, Problem},
    secrets,
};

impl Purpose {
    /// The address of the link.
    pub fn link(self, links: &Links, token: &str) -> String {
        let page = match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::LeaveAddress | Self::TakeAddress => "new-address",
        };
        links.to(&format!("/{page}/{token}"))
    }
}

/// Owner and address of a consumed token.
pub(super) struct ConsumedToken {
    pub user: UserId,
    pub email: String,
}

/// Issues a token for the email that `tx` enqueues. Earlier ones stay valid, because their emails may still arrive.
pub(super) async fn issue(
    tx: &mut PgConnection,
    backend: &Backend,
    now: DateTime<Utc>,
    user: UserId,
    purpose: Purpose,
    email: &str,
) -> Result<AccountTokenId> {
    let (id, token) = (AccountTokenId::new(), secrets::random_token()?);
    sqlx::query!(
        "insert into account_tokens (user_id, id, purpose, token_hash, token_sealed, email, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)",
        user.0,
        id.0,
        purpose as Purpose,
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

/// Consumes a token in one statement, so that of parallel attempts one succeeds.
///
/// # Errors
/// `LinkEnded` for a token that is unknown, expired or used, without distinction.
pub(super) async fn consume(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    token: &Token,
    purposes: &[Purpose],
) -> Result<ConsumedToken> {
    let purposes: Vec<String> = purposes.iter().map(ToString::to_string).collect();
    let token = sqlx::query_as!(
        ConsumedToken,
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
    token.ok_or_else(|| Problem::LinkEnded(LinkEnd::Expired).into())
}
