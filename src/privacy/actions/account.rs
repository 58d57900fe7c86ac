use chrono::TimeDelta;

use crate::{
    auth::{self, Host},
    backend::Backend,
    error::Result,
    fields::{Fault, invalid},
    jobs,
    notifications::{postman, senders::outbox},
    privacy::{DeletionForm, REMAINS_DAYS, scrub},
    problem::Problem,
};

/// Deletes the host's account: they, their events and their guests are erased at once, nothing that waits is sent, every
/// session and link is dead, and what they pay for is cancelled at Stripe. The address is free for a new account.
pub async fn delete_account(backend: &Backend, host: &Host, form: &DeletionForm) -> Result<()> {
    let now = backend.clock.now();
    if !host.is_recent(now) {
        return Err(Problem::SignInAgain.into());
    }
    if form.confirmation.trim().to_lowercase() != host.email().to_lowercase() {
        return Err(invalid("confirmation", Fault::NotThisAddress).into());
    }
    let mut tx = backend.db.begin().await?;
    postman::stand_still(&mut tx, host.id(), None).await?;
    let living =
        sqlx::query_scalar!("select id from users where id = $1 and deleted_at is null for update", host.id().0)
            .fetch_optional(&mut *tx)
            .await?;
    if living.is_none() {
        return Err(Problem::SignInRequired.into());
    }
    let written = outbox::written_to(&mut tx, backend, host.id(), None).await?;
    let customer = sqlx::query_scalar!("select stripe_id from billing_customers where host_id = $1", host.id().0)
        .fetch_optional(&mut *tx)
        .await?;
    auth::actions::forget_address(&mut tx, backend, host.email()).await?;
    scrub::account(&mut tx, now, &backend.secrets, host.id()).await?;
    if let Some(customer) = customer {
        jobs::enqueue_close_customer(&mut tx, &customer).await?;
    }
    tx.commit().await?;
    outbox::forget(backend, &written).await?;
    backend.live.sessions_ended(host.id());
    Ok(())
}

/// Removes what remained of accounts that were deleted long enough ago. Run by the schedule; returns how many.
pub async fn remove_deleted(backend: &Backend) -> Result<u64> {
    let before = backend.clock.now() - TimeDelta::days(REMAINS_DAYS);
    let removed = sqlx::query!("delete from users where deleted_at < $1", before).execute(&backend.db).await?;
    Ok(removed.rows_affected())
}
