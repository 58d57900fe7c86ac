use chrono::TimeDelta;

use super::judge;
use crate::{
    audit::{self, AuditEvent},
    auth::Host,
    backend::Backend,
    billing::limits,
    error::Result,
    events, guests,
    ids::{EventId, GuestId, ImportId},
    imports::{KEPT_HOURS, Matches},
    planner,
    problem::{Conflict, Problem},
};

/// Puts the rows that are ready on the list, all or none, and does with those whose address is on it already as the host
/// chose. What is not ready stays with the import, to be corrected or downloaded. An import is committed once: repeated,
/// this changes nothing. Imports and this event's list wait for each other, so that two of them add nobody twice. Rows that
/// the account's tier has no room for keep the others waiting too, unless only those that `fit` are wanted.
pub async fn commit(backend: &Backend, host: &Host, event: EventId, import: ImportId, fit: bool) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    events::actions::lock_event(&mut tx, host, event).await?;
    let found = sqlx::query!(
        r#"
        select matches as "matches: Matches", committed_at is not null as "committed!" from imports
        where host_id = $1 and event_id = $2 and id = $3 for no key update
        "#,
        host.id().0,
        event.0,
        import.0,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Problem::NotFound)?;
    if found.committed {
        return Ok(());
    }
    judge::compare(&mut tx, backend, host, event, import).await?;
    let wanted = wanted(&mut tx, host, import, found.matches).await?;
    if !fit && let Err(refused) = limits::room_for_guests(&mut tx, backend, host, event, wanted).await {
        // What the list has become since the rows were judged stays said beside them.
        tx.commit().await?;
        return Err(refused);
    }
    let new = lines(&mut tx, host, import, found.matches).await?;
    number(&mut tx, host, import, &new).await?;
    let added = guests::intake::take_in(&mut tx, host, event, import, now).await?;
    let (updated, unchanged) = match found.matches {
        Matches::Update => guests::intake::take_over(&mut tx, host, event, import, now).await?,
        Matches::Add | Matches::Skip => (0, 0),
    };
    if added + updated + unchanged == 0 {
        // As above.
        tx.commit().await?;
        return Err(Problem::Conflict(Conflict::NothingToImport).into());
    }
    sqlx::query!("update imports set committed_at = $3 where host_id = $1 and id = $2", host.id().0, import.0, now)
        .execute(&mut *tx)
        .await?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::GuestsImported, &(added + updated).to_string()).await?;
    tx.commit().await?;
    planner::learn(&backend.db, planner::Table::Guests, new.len()).await;
    backend.live.changed(event);
    Ok(())
}

/// How many guests all of it would be, whether there is room for them or not.
async fn wanted(tx: &mut sqlx::PgConnection, host: &Host, import: ImportId, matches: Matches) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from import_rows
        where host_id = $1 and import_id = $2 and (verdict in ('ready', 'over-limit') or verdict = 'known' and $3)
        "#,
        host.id().0,
        import.0,
        matches == Matches::Add,
    )
    .fetch_one(tx)
    .await?)
}

/// The lines that become guests.
async fn lines(tx: &mut sqlx::PgConnection, host: &Host, import: ImportId, matches: Matches) -> Result<Vec<i32>> {
    Ok(sqlx::query_scalar!(
        "select line from import_rows
        where host_id = $1 and import_id = $2 and (verdict = 'ready' or verdict = 'known' and $3)
        order by line",
        host.id().0,
        import.0,
        matches == Matches::Add,
    )
    .fetch_all(tx)
    .await?)
}

/// Gives each of `lines` the id of the guest it becomes.
async fn number(tx: &mut sqlx::PgConnection, host: &Host, import: ImportId, lines: &[i32]) -> Result<()> {
    let ids: Vec<_> = lines.iter().map(|_| GuestId::new().0).collect();
    sqlx::query!(
        "update import_rows r set guest_id = n.id, outcome = 'added'
        from unnest($3::int[], $4::uuid[]) as n (line, id)
        where r.host_id = $1 and r.import_id = $2 and r.line = n.line",
        host.id().0,
        import.0,
        lines,
        &ids,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes an import back within a day: guests it added leave the list, guests it changed are as before. Whoever was
/// invited, answered or changed since stays as they are. Returns how many went back, and how many stayed.
pub async fn undo(backend: &Backend, host: &Host, event: EventId, import: ImportId) -> Result<(u64, u64)> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
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
    let back = guests::intake::take_back(&mut tx, host, event, import, now).await?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::ImportUndone, &back.to_string()).await?;
    tx.commit().await?;
    backend.live.changed(event);
    let all = u64::try_from(committed.count.unwrap_or_default()).unwrap_or_default();
    Ok((back, all.saturating_sub(back)))
}
