use super::{KINDS, MOST_BODY, MOST_LINKS, MOST_SUBJECT, Wording, links};
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    events,
    fields::{Fault, Fields},
    ids::{EventId, NotificationId, UserId},
    notifications::{
        Channel, Kind,
        reminders::Audience,
        senders::{Mail, Message, Reference, SendError, nameless},
        templates::{self, Facts},
    },
    problem::{Conflict, Problem},
};

/// A host's words for one kind of message; empty where there are none.
pub async fn of(backend: &Backend, host: UserId, event: EventId, kind: Kind) -> Result<Wording> {
    let found = sqlx::query_as!(
        Wording,
        "select subject, body from event_words where host_id = $1 and event_id = $2 and kind = $3",
        host.0,
        event.0,
        kind.key(),
    )
    .fetch_optional(&backend.db)
    .await?;
    Ok(found.unwrap_or_default())
}

/// Chooses the words of one kind of message; empty ones are ours again.
pub async fn set(backend: &Backend, host: &Host, event: EventId, kind: Kind, form: &Wording) -> Result<()> {
    let new = check(kind, form)?;
    events::queries::event(&backend.db, host, event).await?;
    sqlx::query!(
        "insert into event_words (host_id, event_id, kind, subject, body) values ($1, $2, $3, $4, $5)
        on conflict (host_id, event_id, kind) do update set subject = excluded.subject, body = excluded.body",
        host.id().0,
        event.0,
        kind.key(),
        new.subject,
        new.body,
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}

fn check(kind: Kind, form: &Wording) -> Result<Wording, Problem> {
    if !KINDS.contains(&kind) {
        return Err(Problem::NotFound);
    }
    let mut fields = Fields::default();
    let subject = fields.optional_line("subject", &form.subject, MOST_SUBJECT);
    let body = fields.optional("body", &form.body, MOST_BODY);
    if links(&subject) > 0 {
        fields.fault("subject", Fault::TooManyLinks(0));
    }
    if links(&body) > MOST_LINKS {
        fields.fault("body", Fault::TooManyLinks(MOST_LINKS as u32));
    }
    fields.finish(Wording { subject, body })
}

/// A message as it would be written to one guest.
#[derive(Clone, Debug)]
pub struct Preview {
    pub guest: String,
    pub subject: String,
    pub html: String,
    text: String,
}

/// Writes a message with these words to the first guest of the list, or to a made-up one. Its link leads to the host's own
/// page: nobody else's invitation is opened by looking at a draft.
pub async fn preview(backend: &Backend, host: &Host, event: EventId, kind: Kind, form: &Wording) -> Result<Preview> {
    let wording = check(kind, form)?;
    let event = events::queries::event(&backend.db, host, event).await?;
    let guest = sqlx::query_scalar!(
        "select name from guests where host_id = $1 and event_id = $2 and deleted_at is null order by name_key limit 1",
        host.id().0,
        event.id.0,
    )
    .fetch_optional(&backend.db)
    .await?;
    let facts = Facts {
        guest: guest.unwrap_or_else(|| "Ada Lovelace".into()),
        host_name: host.name().to_owned(),
        link: backend.links.event(event.id),
        stop: kind.is_bulk().then(|| backend.links.event(event.id)),
        answer: (kind == Kind::Confirmation).then_some(crate::rsvp::Answer::Attending),
        heads: 1,
        companions: Vec::new(),
        reminds: Audience::Unanswered,
        wording,
        event,
    };
    let (subject, text, html) = templates::write(backend, &facts, kind)?;
    Ok(Preview { guest: facts.guest, subject, html, text })
}

/// Sends such a message to the host, now and around the outbox, so that they are told at once whether it left.
///
/// # Errors
/// `Unavailable` when the provider did not take it.
pub async fn send_test(backend: &Backend, host: &Host, event: EventId, kind: Kind, form: &Wording) -> Result<()> {
    if !host.is_verified() {
        return Err(Problem::Conflict(Conflict::Unverified).into());
    }
    let preview = preview(backend, host, event, kind, form).await?;
    let id = NotificationId::new();
    let mail = Mail {
        reference: Reference { host: host.id(), id },
        message_id: format!("{id}@{}", backend.links.domain()),
        to_name: host.name().to_owned(),
        to_address: host.email().to_owned(),
        from_name: host.name().to_owned(),
        from_address: backend.senders.from.email.to_string(),
        reply_to: None,
        subject: preview.subject,
        text: preview.text,
        html: preview.html,
        unsubscribe: None,
        calendar: None,
    };
    let Some(sender) = backend.senders.on(Channel::Email) else {
        return Err(Problem::Unavailable { retry_after: 60 }.into());
    };
    sender.send(&Message::Mail(Box::new(mail))).await.map_err(|SendError { cause, words }| {
        let words = nameless(&words);
        tracing::warn!(?cause, words, "a test mail did not leave");
        Problem::Unavailable { retry_after: 60 }
    })?;
    Ok(())
}
