//! Adding, switching and removing reminder rules.

use super::{Anchor, MAX_RULES, ReminderForm, queries::plan};
use crate::{
    actors::Host,
    backend::Backend,
    error::{OnConstraint, Result},
    events,
    ids::{EventId, ReminderId},
    notifications::templates::ReminderAudience,
    problem::{Conflict, FieldError, Problem, invalid},
};

pub async fn add(backend: &Backend, host: &Host, event: EventId, form: &ReminderForm) -> Result<()> {
    let rule = plan(backend, host, event, form).await?.rule;
    let mut tx = backend.db.begin().await?;
    events::actions::lock_event(&mut tx, host, event).await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from reminder_rules where host_id = $1 and event_id = $2"#,
        host.id().0,
        event.0,
    )
    .fetch_one(&mut *tx)
    .await?;
    if count >= MAX_RULES {
        return Err(Problem::Conflict(Conflict::TooManyAtOnce { max: MAX_RULES.unsigned_abs() as u32 }).into());
    }
    sqlx::query!(
        "insert into reminder_rules (host_id, event_id, id, anchor, days, hour, audience) values ($1, $2, $3, $4, $5, $6, $7)",
        host.id().0,
        event.0,
        ReminderId::new().0,
        rule.anchor as Anchor,
        rule.days.cast_signed(),
        rule.hour.cast_signed(),
        rule.audience as ReminderAudience,
    )
    .execute(&mut *tx)
    .await
    .on_constraint("reminder_rules_key", invalid("days", FieldError::Repeated))?;
    tx.commit().await?;
    Ok(())
}

/// Turns a rule on or off.
pub async fn switch(backend: &Backend, host: &Host, event: EventId, id: ReminderId, enabled: bool) -> Result<()> {
    let changed = sqlx::query!(
        "update reminder_rules set enabled = $4 where host_id = $1 and event_id = $2 and id = $3",
        host.id().0,
        event.0,
        id.0,
        enabled,
    )
    .execute(&backend.db)
    .await?
    .rows_affected();
    if changed == 0 { Err(Problem::NotFound.into()) } else { Ok(()) }
}

/// Removes a rule and cancels what it enqueued. What it sent stays in the history.
pub async fn remove(backend: &Backend, host: &Host, event: EventId, id: ReminderId) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    sqlx::query!(
        "update notifications set reminder_id = null,
            state = case when state = 'queued' then 'cancelled' else state end
        where host_id = $1 and reminder_id = $2 and event_id = $3",
        host.id().0,
        id.0,
        event.0,
    )
    .execute(&mut *tx)
    .await?;
    let removed = sqlx::query!(
        "delete from reminder_rules where host_id = $1 and event_id = $2 and id = $3",
        host.id().0,
        event.0,
        id.0,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if removed == 0 {
        return Err(Problem::NotFound.into());
    }
    tx.commit().await?;
    Ok(())
}
