//! Account deletion.

use chrono::TimeDelta;

use crate::{
    actors::Host,
    auth,
    backend::Backend,
    error::Result,
    ids::NotificationId,
    notifications::{dev_outbox, outbox::quiesce_host},
    privacy::{DELETED_ACCOUNT_DAYS, DeletionForm, erasure},
    problem::{FieldError, Problem, invalid},
};

/// Deletes the host's account. Erases the account, its events and guests at once, cancels queued messages, ends sessions and
/// links, and cancels the plan at Stripe. The address can sign up again. A trigger, `forbid_deleted_account`, rejects concurrent
/// writes.
pub async fn delete_account(backend: &Backend, host: &Host, form: &DeletionForm) -> Result<()> {
    let now = backend.clock.now();
    host.require_reauthentication(now)?;
    if form.confirmation.trim().to_lowercase() != host.email().to_lowercase() {
        return Err(invalid("confirmation", FieldError::NotThisAddress).into());
    }
    // May deadlock with another request of this host; retry once.
    let written = match erase(backend, host).await {
        Err(error) if error.is_deadlock() => erase(backend, host).await?,
        result => result?,
    };
    dev_outbox::remove(backend, &written).await?;
    backend.live.sessions_ended(host.id());
    Ok(())
}

async fn erase(backend: &Backend, host: &Host) -> Result<Vec<NotificationId>> {
    let now = backend.clock.now();
    let mut tx = quiesce_host(backend, host.id(), None).await?;
    // In the lock order of all verbs: waits for requests in progress; later ones find nothing.
    sqlx::query!("select from events where host_id = $1 order by id for update", host.id().0).execute(&mut *tx).await?;
    sqlx::query!("select from guests where host_id = $1 order by id for update", host.id().0).execute(&mut *tx).await?;
    let account = sqlx::query!("select from users where id = $1 and deleted_at is null for update", host.id().0)
        .execute(&mut *tx)
        .await?;
    if account.rows_affected() == 0 {
        return Err(Problem::SignInRequired.into());
    }
    let written = dev_outbox::messages_of(&mut tx, backend, host.id(), None).await?;
    auth::actions::delete_address_records(&mut tx, backend, host.email()).await?;
    erasure::erase_account(&mut tx, now, &backend.secrets, host.id()).await?;
    crate::billing::jobs::enqueue_close_customers(&mut tx, host.id()).await?;
    tx.commit().await?;
    Ok(written)
}

/// Removes the remains of deleted accounts after [`DELETED_ACCOUNT_DAYS`]. Run by the schedule; returns their number.
pub async fn remove_deleted(backend: &Backend) -> Result<u64> {
    let before = backend.clock.now() - TimeDelta::days(DELETED_ACCOUNT_DAYS);
    let removed = sqlx::query!("delete from users where deleted_at < $1", before).execute(&backend.db).await?;
    Ok(removed.rows_affected())
}
