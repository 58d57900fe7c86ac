use super::{
    Channel, Kind,
    postman::Claimed,
    reminders::Audience,
    senders::{Mail, Message, Reference, Text},
    unsubscribing::Subscription,
    wording::{self, Wording},
};
use crate::{
    backend::Backend,
    error::Result,
    events::{Event, ics},
    ids::{EventId, GuestId, InvitationId},
    invitations::manual_delivery::{Values, fill},
    rsvp::Answer,
};

/// A message in words.
mod letter;
/// The colours of mails.
mod palette;

use letter::Letter;
pub(super) use palette::{Palette, dark, palette};

/// What a message to a guest is written from.
pub(super) struct Facts {
    pub guest: String,
    pub host_name: String,
    pub event: Event,
    pub link: String,
    /// Where such messages are stopped; only on those that a host causes.
    pub stop: Option<String>,
    pub answer: Option<Answer>,
    pub heads: i32,
    pub companions: Vec<String>,
    /// Whom a reminder is for.
    pub reminds: Audience,
    /// The host's own words.
    pub wording: Wording,
}

/// A message to a guest, written with what is true now; `None` when it has lost its reason: the guest was taken off, has
/// no live link, or the event was called off.
pub async fn message(backend: &Backend, claimed: &Claimed, guest: GuestId) -> Result<Option<Message>> {
    let host = claimed.host;
    let row = sqlx::query!(
        r#"
        select g.event_id as "event: EventId", g.name, u.name as host_name, u.email as host_email,
            i.id as "invitation: InvitationId", i.token_sealed as "token_sealed!",
            r.answer as "answer?: Answer", r.heads as "heads?", r.companions as "companions?",
            (select m.audience from notifications n join reminder_rules m on m.host_id = $1 and m.id = n.reminder_id
                where n.host_id = $1 and n.id = $3) as "audience: Audience"
        from guests g
        join users u on u.id = g.host_id
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
        where g.host_id = $1 and g.id = $2 and g.deleted_at is null and g.erased_at is null
        "#,
        host.0,
        guest.0,
        claimed.id.0,
    )
    .fetch_optional(&backend.db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let event = crate::events::queries::event_of(&backend.db, host, row.event).await?;
    // Who was to be told that it changed, and it is off since, is told that by a message of its own.
    if event.cancelled_at.is_some() != (claimed.kind == Kind::EventCancelled) {
        return Ok(None);
    }
    // Whoever answered meanwhile is not asked any more.
    let fits = row
        .audience
        .is_some_and(|audience| row.answer.map_or("unanswered", |answer| answer.into_str()) == audience.key());
    if claimed.kind == Kind::Reminder && !fits {
        return Ok(None);
    }
    let link = backend.links.invitation(&backend.secrets.open(&row.token_sealed, row.invitation.0)?);
    let reference = Reference { host, id: claimed.id };
    if claimed.channel == Channel::Sms {
        // Whoever answered meanwhile needs no second way.
        if row.answer.is_some() {
            return Ok(None);
        }
        let body = text(&row.host_name, &event.title, &link);
        let callback = backend.links.to(&format!("/webhooks/twilio?reference={reference}"));
        return Ok(Some(Message::Text(Text { reference, to: claimed.recipient.clone(), body, callback })));
    }
    let token = Subscription::new(host, &claimed.recipient).token(&backend.secrets)?;
    let stop = claimed.kind.is_bulk().then(|| backend.links.unsubscribe(&token));
    let facts = Facts {
        guest: row.name,
        host_name: row.host_name,
        wording: wording::of(backend, host, event.id, claimed.kind).await?,
        event,
        link,
        stop,
        answer: row.answer,
        heads: row.heads.unwrap_or_default(),
        companions: row.companions.unwrap_or_default(),
        reminds: row.audience.unwrap_or_default(),
    };
    let (subject, text, html) = write(backend, &facts, claimed.kind)?;
    let calendar = || ics::calendar_file(&facts.event, &facts.host_name, &backend.links, &facts.link);
    Ok(Some(Message::Mail(Box::new(Mail {
        reference,
        message_id: format!("{}@{}", claimed.id, backend.links.domain()),
        calendar: claimed.kind.is_news().then(calendar),
        to_name: facts.guest.clone(),
        to_address: claimed.recipient.clone(),
        from_name: facts.host_name.clone(),
        from_address: backend.senders.from.email.to_string(),
        reply_to: Some(row.host_email),
        unsubscribe: facts.stop,
        subject,
        text,
        html,
    }))))
}

/// An invitation as a text message.
pub(super) fn text(host: &str, title: &str, link: &str) -> String {
    format!("{host} invites you to {title}. Please answer here: {link}")
}

/// Subject, text and HTML of a message.
pub(super) fn write(backend: &Backend, facts: &Facts, kind: Kind) -> Result<(String, String, String)> {
    let date = facts.event.when();
    let values = Values {
        guest: &facts.guest,
        event: &facts.event.title,
        date: &date,
        host: &facts.host_name,
        link: &facts.link,
    };
    let letter = Letter {
        guest: &facts.guest,
        host: &facts.host_name,
        event: &facts.event,
        link: &facts.link,
        home: &backend.links.home(),
        stop: facts.stop.as_deref(),
        palette: palette(facts.event.theme),
        dark: dark(facts.event.theme),
        answer: facts.answer,
        heads: facts.heads,
        companions: &facts.companions,
        reminds: (kind == Kind::Reminder).then_some(facts.reminds),
        words: fill(&facts.wording.body, values),
    };
    let (subject, text, html) = letter.write(kind)?;
    let own = fill(&facts.wording.subject, values);
    Ok((if own.is_empty() { subject } else { own }, text, html))
}
