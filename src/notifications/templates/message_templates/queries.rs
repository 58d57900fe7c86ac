//! Message templates of an event, and what an email with them looks like.

use super::{MAX_BODY, MAX_LINKS, MAX_SUBJECT, MessageTemplate, count_links};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    events,
    ids::{EventId, UserId},
    notifications::{
        GuestMessage,
        templates::{
            ReminderAudience,
            guest_messages::{GuestEmailData, render_email},
        },
    },
    problem::{FieldError, Fields, Problem},
};

/// The template of one kind of message; empty where the host has none.
pub async fn of(backend: &Backend, host: UserId, event: EventId, message: GuestMessage) -> Result<MessageTemplate> {
    let template = sqlx::query_as!(
        MessageTemplate,
        "select subject, body from message_templates where host_id = $1 and event_id = $2 and kind = $3",
        host.0,
        event.0,
        message as GuestMessage,
    )
    .fetch_optional(&backend.db)
    .await?;
    Ok(template.unwrap_or_default())
}

/// An email as one guest would get it.
#[derive(Clone, Debug)]
pub struct TemplatePreview {
    pub guest: String,
    pub subject: String,
    pub html: String,
    pub(super) text: String,
}

/// Renders an email with a template for the first guest of the list, or for an example. Its link leads to the host's own page,
/// so that a preview never opens a guest's invitation.
pub async fn preview(
    backend: &Backend,
    host: &Host,
    event: EventId,
    message: GuestMessage,
    form: &MessageTemplate,
) -> Result<TemplatePreview> {
    let template = check(form)?;
    let event = events::queries::event(&backend.db, host, event).await?;
    let guest = sqlx::query_scalar!(
        "select name from guests where host_id = $1 and event_id = $2 and deleted_at is null order by name_key limit 1",
        host.id().0,
        event.id.0,
    )
    .fetch_optional(&backend.db)
    .await?;
    let data = GuestEmailData {
        guest: guest.unwrap_or_else(|| "Ada Lovelace".into()),
        host_name: host.name().to_owned(),
        link: backend.links.event(event.id),
        unsubscribe: message.is_bulk().then(|| backend.links.event(event.id)),
        answer: (message == GuestMessage::Confirmation).then_some(crate::rsvp::Answer::Attending),
        heads: 1,
        companions: Vec::new(),
        audience: ReminderAudience::Unanswered,
        template,
        event,
    };
    let (subject, text, html) = render_email(backend, &data, message)?;
    Ok(TemplatePreview { guest: data.guest, subject, html, text })
}

pub(super) fn check(form: &MessageTemplate) -> Result<MessageTemplate, Problem> {
    let mut fields = Fields::default();
    let subject = fields.optional_line("subject", &form.subject, MAX_SUBJECT);
    let body = fields.optional("body", &form.body, MAX_BODY);
    if count_links(&subject) > 0 {
        fields.error("subject", FieldError::TooManyLinks(0));
    }
    if count_links(&body) > MAX_LINKS {
        fields.error("body", FieldError::TooManyLinks(MAX_LINKS as u32));
    }
    fields.finish(MessageTemplate { subject, body })
}
