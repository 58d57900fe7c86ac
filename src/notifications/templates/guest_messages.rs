//! Messages to guests: loads what a message says and renders it.

use transports::{CalendarFile, Email, OutgoingMessage, SmsMessage};

use super::{
    ReminderAudience,
    email::GuestEmail,
    message_templates::{self, MessageTemplate},
    palette::{dark_palette, palette},
    placeholders::{Values, fill},
};
use crate::{
    backend::Backend,
    error::Result,
    events::{Event, ics},
    ids::{EventId, GuestId, InvitationId},
    notifications::{
        Channel, GuestMessage, outbox::Notification, reference::Reference,
        suppressions::unsubscribe::MessageSubscription,
    },
    rsvp::Answer,
};

/// The data of an email to a guest.
pub struct GuestEmailData {
    pub guest: String,
    pub host_name: String,
    pub event: Event,
    pub link: String,
    /// The unsubscribe link; on bulk mail only.
    pub unsubscribe: Option<String>,
    pub answer: Option<Answer>,
    pub heads: i32,
    pub companions: Vec<String>,
    pub audience: ReminderAudience,
    pub template: MessageTemplate,
}

/// Renders a message to a guest. `None`: the guest was removed, has no live link, replied to what a reminder asks, has no
/// reply to confirm, or the event was cancelled.
pub async fn render(
    backend: &Backend,
    notification: &Notification,
    guest: GuestId,
    message: GuestMessage,
) -> Result<Option<OutgoingMessage>> {
    let Notification { host, id, recipient, .. } = notification;
    let (host, id) = (*host, *id);
    let row = sqlx::query!(
        r#"
        select g.event_id as "event: EventId", g.name, u.name as host_name, u.email as host_email,
            i.id as "invitation: InvitationId", i.token_sealed as "token_sealed!",
            r.answer as "answer?: Answer", r.heads as "heads?", r.companions as "companions?",
            (select m.audience from notifications n join reminder_rules m on m.host_id = $1 and m.id = n.reminder_id
                where n.host_id = $1 and n.id = $3) as "audience: ReminderAudience"
        from guests g
        join users u on u.id = g.host_id
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
        where g.host_id = $1 and g.id = $2 and g.deleted_at is null and g.erased_at is null
        "#,
        host.0,
        guest.0,
        id.0,
    )
    .fetch_optional(&backend.db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let event = crate::events::queries::event_of(&backend.db, host, row.event).await?;
    // The cancellation has a message of its own; no other is sent after it.
    if event.cancelled_at.is_some() != (message == GuestMessage::EventCancelled) {
        return Ok(None);
    }
    let matches = row
        .audience
        .is_some_and(|audience| row.answer.map_or("unanswered", |answer| answer.into_str()) == audience.into_str());
    if message == GuestMessage::Reminder && !matches {
        return Ok(None);
    }
    if message == GuestMessage::Confirmation && row.answer.is_none() {
        return Ok(None);
    }
    let link = backend.links.invitation(&backend.secrets.open(&row.token_sealed, row.invitation.0)?);
    let reference = Reference { host, id }.to_string();
    if notification.channel == Channel::Sms {
        // The text follows an email that had no reply.
        if row.answer.is_some() {
            return Ok(None);
        }
        let body = sms_text(&row.host_name, &event.title, &link);
        let callback = backend.links.to(&format!("/webhooks/twilio?reference={reference}"));
        let (message_id, to) = (id.to_string(), recipient.clone());
        return Ok(Some(OutgoingMessage::Sms(SmsMessage { message_id, to, body, callback })));
    }
    let token = MessageSubscription::new(host, recipient).token(&backend.secrets)?;
    let data = GuestEmailData {
        guest: row.name,
        host_name: row.host_name,
        template: message_templates::of(backend, host, event.id, message).await?,
        event,
        link,
        unsubscribe: message.is_bulk().then(|| backend.links.unsubscribe(&token)),
        answer: row.answer,
        heads: row.heads.unwrap_or_default(),
        companions: row.companions.unwrap_or_default(),
        audience: row.audience.unwrap_or_default(),
    };
    let (subject, text, html) = render_email(backend, &data, message)?;
    let calendar = || CalendarFile {
        file_name: "invitation.ics".into(),
        content: ics::calendar_file(&data.event, &data.host_name, &backend.links, &data.link),
    };
    Ok(Some(OutgoingMessage::Email(Box::new(Email {
        reference,
        message_id: format!("{id}@{}", backend.links.domain()),
        calendar: message.updates_calendar().then(calendar),
        to_name: data.guest.clone(),
        to_address: recipient.clone(),
        from_name: data.host_name.clone(),
        from_address: backend.transports.from.email.to_string(),
        reply_to: Some(row.host_email),
        unsubscribe: data.unsubscribe,
        subject,
        text,
        html,
    }))))
}

/// An invitation as a text message.
pub fn sms_text(host: &str, title: &str, link: &str) -> String {
    format!("{host} invites you to {title}. Please reply here: {link}")
}

/// Subject, text and HTML of an email.
pub fn render_email(
    backend: &Backend,
    data: &GuestEmailData,
    message: GuestMessage,
) -> Result<(String, String, String)> {
    let date = data.event.when();
    let values =
        Values { guest: &data.guest, event: &data.event.title, date: &date, host: &data.host_name, link: &data.link };
    let email = GuestEmail {
        guest: &data.guest,
        host: &data.host_name,
        event: &data.event,
        link: &data.link,
        home: &backend.links.home(),
        unsubscribe: data.unsubscribe.as_deref(),
        palette: palette(data.event.theme),
        dark: dark_palette(data.event.theme),
        answer: data.answer,
        heads: data.heads,
        companions: &data.companions,
        reminder: (message == GuestMessage::Reminder).then_some(data.audience),
        body: fill(&data.template.body, values),
    };
    let (subject, text, html) = email.render(message)?;
    let custom = fill(&data.template.subject, values);
    Ok((if custom.is_empty() { subject } else { custom }, text, html))
}
