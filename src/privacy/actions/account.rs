use chrono::TimeDelta;

use crate::{
    auth::{self, Host},
    backend::Backend,
    error::Result,
    ids::NotificationId,
    notifications::{postman, senders::outbox},
    privacy::{DeletionForm, REMAINS_DAYS, scrub},
    problem::Problem,
    problem::{FieldError, invalid},
};

/// Deletes the host's account: they, their events and their guests are erased at once, nothing that waits is sent, every
/// session and link is dead, and what they pay for is cancelled at Stripe. The address is free for a new account.
pub async fn delete_account(backend: &Backend, host: &Host, form: &DeletionForm) -> Result<()> {
    let now = backend.clock.now();
    host.must_be_recent(now)?;
    if form.confirmation.trim().to_lowercase() != host.email().to_lowercase() {
        return Err(invalid("confirmation", FieldError::NotThisAddress).into());
    }
    // A verb of theirs may hold what this waits for, and the other way round.
    let written = match erase(backend, host).await {
        Err(error) if error.is_deadlock() => erase(backend, host).await?,
        erased => erased?,
    };
    outbox::forget(backend, &written).await?;
    backend.live.sessions_ended(host.id());
    Ok(())
}

async fn erase(backend: &Backend, host: &Host) -> Result<Vec<NotificationId>> {
    let now = backend.clock.now();
    let mut tx = postman::stand_still(backend, host.id(), None).await?;
    // In the order in which verbs hold them: who is at work is waited for, who comes later finds nothing.
    sqlx::query!("select from events where host_id = $1 order by id for update", host.id().0).execute(&mut *tx).await?;
    sqlx::query!("select from guests where host_id = $1 order by id for update", host.id().0).execute(&mut *tx).await?;
    let living = sqlx::query!("select from users where id = $1 and deleted_at is null for update", host.id().0)
        .execute(&mut *tx)
        .await?;
    if living.rows_affected() == 0 {
        return Err(Problem::SignInRequired.into());
    }
    let written = outbox::written_to(&mut tx, backend, host.id(), None).await?;
    auth::actions::forget_address(&mut tx, backend, host.email()).await?;
    scrub::account(&mut tx, now, &backend.secrets, host.id()).await?;
    crate::billing::jobs::enqueue_close_customers(&mut tx, host.id()).await?;
    tx.commit().await?;
    Ok(written)
}

/// Removes what remained of accounts that were deleted long enough ago. Run by the schedule; returns how many.
pub async fn remove_deleted(backend: &Backend) -> Result<u64> {
    let before = backend.clock.now() - TimeDelta::days(REMAINS_DAYS);
    let removed = sqlx::query!("delete from users where deleted_at < $1", before).execute(&backend.db).await?;
    Ok(removed.rows_affected())
}
