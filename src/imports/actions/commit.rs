//! Commits an import to the guest list, and undoes a commit.

use chrono::TimeDelta;

use crate::{
    actors::Host,
    audit::{self, AuditEvent},
    backend::Backend,
    billing::limits,
    database,
    error::Result,
    events,
    guests::status::GuestTx,
    ids::{EventId, ImportId},
    imports::{DuplicatePolicy, KEPT_HOURS, apply, validate},
    problem::{Conflict, Problem},
};

/// Adds all rows that are ready, or none. Rows whose address is on the guest list follow the import's
/// [`DuplicatePolicy`]; the others stay with the import, to be corrected or downloaded. Idempotent. Holds the event, so
/// that two imports at once add nobody twice. If some rows exceed the plan's limit, nothing is added unless `fit` asks
/// for those within it.
pub async fn commit(backend: &Backend, host: &Host, event: EventId, import: ImportId, fit: bool) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = GuestTx::begin(&backend.db).await?;
    events::actions::lock_event(&mut tx, host, event).await?;
    let status = sqlx::query!(
        r#"
        select duplicate_policy as "policy: DuplicatePolicy", committed_at is not null as "committed!" from imports
        where host_id = $1 and event_id = $2 and id = $3 for no key update
        "#,
        host.id().0,
        event.0,
        import.0,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Problem::NotFound)?;
    if status.committed {
        return Ok(());
    }
    validate::compare(&mut tx, backend, host, event, import).await?;
    let wanted = wanted(&mut tx, host, import, status.policy).await?;
    if !fit && let Err(refused) = limits::room_for_guests(&mut tx, backend, host, event, wanted).await {
        // The review shows the rows as they compare with the guest list by now.
        tx.commit().await?;
        return Err(refused);
    }
    let added = apply::insert(&mut tx, host, event, import, status.policy, now).await?;
    let (updated, unchanged) = match status.policy {
        DuplicatePolicy::Update => apply::merge(&mut tx, host, event, import, now).await?,
        DuplicatePolicy::Add | DuplicatePolicy::Skip => (0, 0),
    };
    if added + updated + unchanged == 0 {
        tx.commit().await?;
        return Err(Problem::Conflict(Conflict::NothingToImport).into());
    }
    sqlx::query!("update imports set committed_at = $3 where host_id = $1 and id = $2", host.id().0, import.0, now)
        .execute(&mut *tx)
        .await?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::GuestsImported, &(added + updated).to_string()).await?;
    tx.commit().await?;
    database::analyze_after_bulk_load(&backend.db, database::Table::Guests, added as usize).await;
    backend.live.changed(event);
    Ok(())
}

/// The number of guests the import would add, within the limit or not.
async fn wanted(tx: &mut sqlx::PgConnection, host: &Host, import: ImportId, policy: DuplicatePolicy) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from import_rows
        where host_id = $1 and import_id = $2 and (status in ('ready', 'over-limit') or status = 'known' and $3)
        "#,
        host.id().0,
        import.0,
        policy == DuplicatePolicy::Add,
    )
    .fetch_one(tx)
    .await?)
}

/// Undoes an import within a day: removes the guests it added and reverts those it updated, except guests who were
/// invited, changed or replied since. Returns the numbers of guests undone and left alone.
pub async fn undo(backend: &Backend, host: &Host, event: EventId, import: ImportId) -> Result<(u64, u64)> {
    let now = backend.clock.now();
    let mut tx = GuestTx::begin(&backend.db).await?;
    events::actions::lock_event(&mut tx, host, event).await?;
    let committed = sqlx::query!(
        "update imports set undone_at = $4
        where host_id = $1 and event_id = $2 and id = $3 and undone_at is null and committed_at > $5
        returning (select count(*) from import_rows where host_id = $1 and import_id = $3 and outcome in ('added', 'updated'))",
        host.id().0,
        event.0,
        import.0,
        now,
        now - TimeDelta::hours(KEPT_HOURS),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Problem::Conflict(Conflict::UndoExpired))?;
    let reverted = apply::revert(&mut tx, host, event, import, now).await?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::ImportUndone, &reverted.to_string()).await?;
    tx.commit().await?;
    backend.live.changed(event);
    let all = u64::try_from(committed.count.unwrap_or_default()).unwrap_or_default();
    Ok((reverted, all.saturating_sub(reverted)))
}
