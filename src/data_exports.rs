//! Prepared data exports: discards those whose content has been deleted.

use sqlx::PgConnection;

use crate::{error::Result, ids::UserId};

/// Discards the prepared exports of `hosts`, in the transaction that deletes something they contain. One in preparation
/// is discarded too: its job finds no row and stores nothing.
pub async fn discard(tx: &mut PgConnection, hosts: &[UserId]) -> Result<()> {
    sqlx::query!("delete from data_exports where host_id = any ($1)", hosts as &[UserId]).execute(tx).await?;
    Ok(())
}
