//! Retention: notifies hosts, then anonymises guests of past events.

use chrono::TimeDelta;

use crate::{
    actors::Actor,
    audit::{self, AuditEvent},
    backend::Backend,
    error::Result,
    events::RETENTION_NOTICE_DAYS,
    ids::{EventId, GuestId, UserId},
    notifications::{AccountMessage, outbox},
    privacy::erasure,
};

/// Sends each host one email about events whose guests are due for anonymisation. Run by the schedule; returns the number of
/// hosts.
pub async fn send_retention_notices(backend: &Backend) -> Result<usize> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    // An email that failed is no notice.
    sqlx::query!(
        "update events e set retention_notice_at = null
        where e.anonymised_at is null and e.retention_notice_at is not null and exists (select from notifications n
            where n.host_id = e.host_id and n.kind = 'retention-notice' and n.state in ('failed', 'cancelled')
                and n.created_at >= e.retention_notice_at)"
    )
    .execute(&mut *tx)
    .await?;
    let hosts = sqlx::query!(
        r#"
        with due as (
            update events e set retention_notice_at = $1
            where e.anonymised_at is null and e.retention_notice_at is null and e.anonymise_at <= $2
                and exists (select from guests g where g.host_id = e.host_id and g.event_id = e.id)
            returning e.host_id
        )
        select u.id as "id: UserId", u.email from users u
        where u.id in (select host_id from due) and u.deleted_at is null
        "#,
        now,
        now + TimeDelta::days(RETENTION_NOTICE_DAYS),
    )
    .fetch_all(&mut *tx)
    .await?;
    for host in &hosts {
        outbox::enqueue_account(&mut tx, now, host.id, AccountMessage::RetentionNotice, &host.email, None).await?;
    }
    tx.commit().await?;
    Ok(hosts.len())
}

/// Anonymises the guests of events whose retention period and notice period are over. Run by the schedule; returns the
/// number of events.
pub async fn anonymise_due(backend: &Backend) -> Result<usize> {
    let now = backend.clock.now();
    let due = sqlx::query!(
        r#"
        select host_id as "host: UserId", id as "id: EventId" from events
        where anonymised_at is null and anonymise_at <= $1 and retention_notice_at <= $2
            and not exists (select from notifications n where n.host_id = events.host_id and n.kind = 'retention-notice'
                and n.state in ('queued', 'sending'))
        order by anonymise_at
        "#,
        now,
        now - TimeDelta::days(RETENTION_NOTICE_DAYS),
    )
    .fetch_all(&backend.db)
    .await?;
    let mut anonymised = 0;
    for event in due {
        anonymised += usize::from(anonymise(backend, event.host, event.id).await?);
    }
    Ok(anonymised)
}

/// Returns `false` if the host has changed the event's date meanwhile.
async fn anonymise(backend: &Backend, host: UserId, event: EventId) -> Result<bool> {
    let now = backend.clock.now();
    let mut tx = outbox::quiesce_host(backend, host, None).await?;
    let title = sqlx::query_scalar!(
        "update events set anonymised_at = $3
        where host_id = $1 and id = $2 and anonymised_at is null and anonymise_at <= $3 and retention_notice_at <= $4
        returning title",
        host.0,
        event.0,
        now,
        now - TimeDelta::days(RETENTION_NOTICE_DAYS),
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(title) = title else { return Ok(false) };
    let ids = sqlx::query_scalar!(
        r#"select id as "id: GuestId" from guests where host_id = $1 and event_id = $2 and erased_at is null order by id"#,
        host.0,
        event.0,
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query!("delete from imports where host_id = $1 and event_id = $2", host.0, event.0).execute(&mut *tx).await?;
    erasure::erase_guests(&mut tx, now, &backend.secrets, host, event, &ids).await?;
    audit::record(&mut tx, now, Actor::without_device(host), AuditEvent::EventAnonymised, &title).await?;
    tx.commit().await?;
    backend.live.changed(event);
    Ok(true)
}
