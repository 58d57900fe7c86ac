use sqlx::PgPool;

use super::Host;
use crate::{error::Result, ids::UserId};

/// The host behind a session's account id, or `None` if the account is gone.
pub async fn signed_in(db: &PgPool, id: UserId) -> Result<Option<Host>> {
    let row = sqlx::query!("select name, email from users where id = $1", id.0).fetch_optional(db).await?;
    Ok(row.map(|row| Host { id, name: row.name, email: row.email }))
}
