use super::{KINDS, MOST_BODY, MOST_LINKS, MOST_SUBJECT, Wording, links};
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    events,
    ids::{EventId, UserId},
    notifications::{
        Kind,
        reminders::Audience,
        templates::{self, Facts},
    },
    problem::Problem,
    problem::{FieldError, Fields},
};

/// A host's words for one kind of message; empty where there are none.
pub async fn of(backend: &Backend, host: UserId, event: EventId, kind: Kind) -> Result<Wording> {
    let found = sqlx::query_as!(
        Wording,
        "select subject, body from message_templates where host_id = $1 and event_id = $2 and kind = $3",
        host.0,
        event.0,
        kind.key(),
    )
    .fetch_optional(&backend.db)
    .await?;
    Ok(found.unwrap_or_default())
}

/// A message as it would be written to one guest.
#[derive(Clone, Debug)]
pub struct Preview {
    pub guest: String,
    pub subject: String,
    pub html: String,
    pub(super) text: String,
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

pub(super) fn check(kind: Kind, form: &Wording) -> Result<Wording, Problem> {
    if !KINDS.contains(&kind) {
        return Err(Problem::NotFound);
    }
    let mut fields = Fields::default();
    let subject = fields.optional_line("subject", &form.subject, MOST_SUBJECT);
    let body = fields.optional("body", &form.body, MOST_BODY);
    if links(&subject) > 0 {
        fields.fault("subject", FieldError::TooManyLinks(0));
    }
    if links(&body) > MOST_LINKS {
        fields.fault("body", FieldError::TooManyLinks(MOST_LINKS as u32));
    }
    fields.finish(Wording { subject, body })
}
