//! Saving and testing a message template.

use transports::{Email, OutgoingMessage, SendError, redact_addresses};

use super::{
    MessageTemplate,
    queries::{check, preview},
};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    events,
    ids::{EventId, NotificationId},
    notifications::{GuestMessage, reference::Reference},
    problem::{Conflict, Problem},
};

/// Saves the template of one kind of message; empty fields restore our default.
pub async fn set(
    backend: &Backend,
    host: &Host,
    event: EventId,
    message: GuestMessage,
    form: &MessageTemplate,
) -> Result<()> {
    let new = check(form)?;
    events::queries::event(&backend.db, host, event).await?;
    sqlx::query!(
        "insert into message_templates (host_id, event_id, kind, subject, body) values ($1, $2, $3, $4, $5)
        on conflict (host_id, event_id, kind) do update set subject = excluded.subject, body = excluded.body",
        host.id().0,
        event.0,
        message as GuestMessage,
        new.subject,
        new.body,
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}

/// Sends a test email to the host, at once and not through the outbox, so that a failure shows in the response.
///
/// # Errors
/// `Unavailable` when the provider did not accept it.
pub async fn send_test(
    backend: &Backend,
    host: &Host,
    event: EventId,
    message: GuestMessage,
    form: &MessageTemplate,
) -> Result<()> {
    if !host.is_verified() {
        return Err(Problem::Conflict(Conflict::Unverified).into());
    }
    let preview = preview(backend, host, event, message, form).await?;
    let id = NotificationId::new();
    let email = Email {
        reference: Reference { host: host.id(), id }.to_string(),
        message_id: format!("{id}@{}", backend.links.domain()),
        to_name: host.name().to_owned(),
        to_address: host.email().to_owned(),
        from_name: host.name().to_owned(),
        from_address: backend.transports.from.email.to_string(),
        reply_to: None,
        subject: preview.subject,
        text: preview.text,
        html: preview.html,
        unsubscribe: None,
        calendar: None,
    };
    let message = OutgoingMessage::Email(Box::new(email));
    backend.transports.email().send(&message).await.map_err(|SendError { kind, detail }| {
        let detail = redact_addresses(&detail);
        tracing::warn!(?kind, detail, "a test email was not sent");
        Problem::Unavailable { retry_after: 60 }
    })?;
    Ok(())
}
