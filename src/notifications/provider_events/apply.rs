//! Applies a delivery report: idempotency, state, suppressions, reputation.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use transports::{SendErrorKind, classify_reply};

use super::{DeliveryEvent, DeliveryReport, DeliveryStatus, sender_reputation};
use crate::{
    backend::Backend,
    error::Result,
    guests::status::GuestTx,
    ids::{EventId, GuestId, NotificationId, UserId},
    notifications::{
        NotificationState,
        outbox::{
            delivery_events,
            domain_backoff::{POLICY, defer_domain},
        },
        reference::Reference,
        suppressions::{self, Reason, Scope},
    },
    secrets::Secrets,
};

/// Applies a verified report with all its consequences, in one transaction, once: a repeated one changes nothing. Reports
/// about unknown messages, or that we do not act on, are stored too.
pub async fn apply(backend: &Backend, report: &DeliveryReport) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = GuestTx::begin(&backend.db).await?;
    let new = sqlx::query!(
        "insert into webhook_events (provider, key, kind, received_at, body) values ($1, left($2, 300), left($3, 200), $4, $5)
        on conflict do nothing",
        report.provider,
        report.key,
        report.kind,
        now,
        // No addresses and no diagnostics: those are stored with the notification.
        json!({ "message": report.event.as_ref().map(|event| &event.provider_id), "at": report.event.as_ref().map(|event| event.at) }),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let mut changed = None;
    if new == 1
        && let Some(event) = &report.event
        && let Some(notification) = find(&mut tx, report.provider, event).await?
    {
        apply_event(&mut tx, &backend.secrets, now, report.provider, &notification, event).await?;
        changed = notification.event;
    }
    tx.commit().await?;
    if let Some(event) = changed {
        backend.live.changed(event);
    }
    Ok(())
}

/// The notification that an event is about.
struct ReportedNotification {
    host: UserId,
    id: NotificationId,
    event: Option<EventId>,
    guest: Option<GuestId>,
}

/// Finds a notification by our own reference, which may be reported before the provider's response to the send; otherwise by
/// the provider's id.
async fn find(tx: &mut PgConnection, provider: &str, event: &DeliveryEvent) -> Result<Option<ReportedNotification>> {
    let reference = event.reference;
    Ok(sqlx::query_as!(
        ReportedNotification,
        r#"
        select host_id as "host: UserId", id as "id: NotificationId", event_id as "event: EventId",
            guest_id as "guest: GuestId"
        from notifications
        where (host_id = $1 and id = $2 or $1::uuid is null and provider = $3 and provider_id = $4) and recipient <> ''
        "#,
        reference.map(|Reference { host, .. }| host.0),
        reference.map(|Reference { id, .. }| id.0),
        provider,
        event.provider_id,
    )
    .fetch_optional(tx)
    .await?)
}

async fn apply_event(
    tx: &mut GuestTx,
    secrets: &Secrets,
    now: DateTime<Utc>,
    provider: &str,
    notification: &ReportedNotification,
    event: &DeliveryEvent,
) -> Result<()> {
    let (host, id, guest) = (notification.host, notification.id, notification.guest.as_slice());
    tx.lock(host, guest).await?;
    let row = sqlx::query!(
        r#"
        select state as "state: NotificationState", bounce_type, recipient from notifications
        where host_id = $1 and id = $2 and recipient <> '' for no key update
        "#,
        host.0,
        id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    // The recipient was erased meanwhile: nothing more is stored about them.
    let Some(row) = row else { return Ok(()) };
    let recipient = &*row.recipient;
    let known = known_status(row.state, row.bounce_type.as_deref());
    let state = if Some(event.status) > known { state_after(event.status).unwrap_or(row.state) } else { row.state };
    let rejected_by_policy = classify_reply(&event.detail) == SendErrorKind::PolicyRejected;
    let arrived = matches!(event.status, DeliveryStatus::Delivered | DeliveryStatus::Opened);
    let explains = matches!(
        event.status,
        DeliveryStatus::Delayed | DeliveryStatus::SoftBounced | DeliveryStatus::Failed | DeliveryStatus::HardBounced
    );
    sqlx::query!(
        "update notifications set state = $3, state_changed_at = case when state = $3 then state_changed_at else $4 end,
            provider = coalesce(provider, $5), provider_id = coalesce(provider_id, nullif($6, '')),
            bounce_type = coalesce($7, bounce_type), last_error = coalesce(nullif(left($8, 500), ''), last_error),
            delivered_at = least(delivered_at, $9), opened_at = least(opened_at, $10),
            sent_at = case when $3 in ('queued', 'sending') then sent_at else coalesce(sent_at, $11) end,
            lease_owner = case when $3 in ('sending', 'sent') then lease_owner end,
            lease_until = case when $3 in ('sending', 'sent') then lease_until end
        where host_id = $1 and id = $2",
        host.0,
        id.0,
        state as NotificationState,
        now,
        provider,
        event.provider_id,
        match event.status {
            DeliveryStatus::HardBounced if rejected_by_policy => Some(POLICY),
            DeliveryStatus::HardBounced => Some("hard"),
            DeliveryStatus::SoftBounced if state == NotificationState::Bounced => Some("soft"),
            _ => None,
        },
        if explains { &*event.detail } else { "" },
        arrived.then_some(event.at),
        (event.status == DeliveryStatus::Opened).then_some(event.at),
        event.at,
    )
    .execute(&mut **tx)
    .await?;
    delivery_events::record(tx, host, id, event.at, event.status.into_str(), &event.detail).await?;
    match event.status {
        DeliveryStatus::HardBounced | DeliveryStatus::Failed if rejected_by_policy => {
            defer_domain(tx, now, recipient, &event.detail).await?;
        }
        DeliveryStatus::HardBounced => {
            suppressions::suppress(tx, secrets, now, recipient, Scope::Everybody, Reason::HardBounce).await?;
        }
        DeliveryStatus::Complained => {
            suppressions::suppress(tx, secrets, now, recipient, Scope::Everybody, Reason::Complaint).await?;
        }
        DeliveryStatus::SoftBounced if state == NotificationState::Bounced => {
            suppressions::count_soft_bounce(tx, secrets, now, recipient).await?;
        }
        _ => {}
    }
    if event.status >= DeliveryStatus::HardBounced {
        sender_reputation::pause_if_above_threshold(tx, host, now).await?;
    }
    Ok(())
}

/// The latest delivery status that a state stands for.
fn known_status(state: NotificationState, bounce: Option<&str>) -> Option<DeliveryStatus> {
    match (state, bounce) {
        (
            NotificationState::Queued
            | NotificationState::Sending
            | NotificationState::Suppressed
            | NotificationState::Cancelled,
            _,
        ) => None,
        (NotificationState::Sent, _) => Some(DeliveryStatus::Sent),
        (NotificationState::Delivered, _) => Some(DeliveryStatus::Delivered),
        (NotificationState::Failed, _) => Some(DeliveryStatus::Failed),
        (NotificationState::Bounced, Some("soft")) => Some(DeliveryStatus::SoftBounced),
        (NotificationState::Bounced, _) => Some(DeliveryStatus::HardBounced),
        (NotificationState::Complained, _) => Some(DeliveryStatus::Complained),
    }
}

/// The state after a report; `None`: unchanged.
fn state_after(status: DeliveryStatus) -> Option<NotificationState> {
    match status {
        DeliveryStatus::Delayed => None,
        DeliveryStatus::Sent => Some(NotificationState::Sent),
        DeliveryStatus::Delivered | DeliveryStatus::Opened => Some(NotificationState::Delivered),
        DeliveryStatus::SoftBounced | DeliveryStatus::HardBounced => Some(NotificationState::Bounced),
        DeliveryStatus::Failed => Some(NotificationState::Failed),
        DeliveryStatus::Complained => Some(NotificationState::Complained),
    }
}
