use askama::Template;

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
    events::{Event, Theme, ics},
    ids::{EventId, GuestId, InvitationId},
    invitations::by_hand::{Values, fill},
    rsvp::Answer,
};

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
    let fits = row.audience.is_some_and(|audience| row.answer.map_or("unanswered", Answer::key) == audience.key());
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
        let callback = backend.links.twilio_callback(reference);
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

/// What all templates speak of.
struct Letter<'a> {
    guest: &'a str,
    host: &'a str,
    event: &'a Event,
    link: &'a str,
    home: &'a str,
    /// Where such messages are stopped; only on those that a host causes.
    stop: Option<&'a str>,
    palette: Palette,
    /// For mail programs that are dark and keep to what a mail says about it.
    dark: Palette,
    answer: Option<Answer>,
    heads: i32,
    companions: &'a [String],
    reminds: Option<Audience>,
    /// The host's own words in place of ours; empty: ours.
    words: String,
}

impl Letter<'_> {
    fn write(&self, kind: Kind) -> Result<(String, String, String)> {
        let title = &self.event.title;
        let (subject, text, html) = match (kind, self.answer) {
            (Kind::Confirmation, Some(answer)) => (
                match answer {
                    Answer::Attending => format!("You are coming: {title}"),
                    Answer::Maybe => format!("You said maybe: {title}"),
                    Answer::Declined => format!("You cannot come: {title}"),
                },
                ConfirmationText { letter: self }.render(),
                ConfirmationHtml { letter: self }.render(),
            ),
            (Kind::EventChanged, _) => {
                (format!("Changed: {title}"), NewsText { letter: self }.render(), NewsHtml { letter: self }.render())
            }
            (Kind::EventCancelled, _) => {
                (format!("Cancelled: {title}"), NewsText { letter: self }.render(), NewsHtml { letter: self }.render())
            }
            _ => (
                match self.reminds {
                    None => format!("{} invites you: {title}", self.host),
                    Some(Audience::Attending) => format!("See you soon: {title}"),
                    Some(_) => format!("{} is waiting for your answer: {title}", self.host),
                },
                InvitationText { letter: self }.render(),
                InvitationHtml { letter: self }.render(),
            ),
        };
        Ok((subject, text.map_err(anyhow::Error::from)?, html.map_err(anyhow::Error::from)?))
    }

    /// "18 June 2027", the day by which to answer.
    fn reply_by(&self) -> Option<String> {
        self.event.reply_by.map(crate::events::times::long_date)
    }

    fn paragraphs(&self) -> impl Iterator<Item = &str> {
        paragraphs(&self.event.description)
    }

    /// The host's own words, paragraph by paragraph.
    fn own(&self) -> impl Iterator<Item = &str> {
        paragraphs(&self.words)
    }

    fn opening(&self) -> String {
        match self.reminds {
            None => format!("{} invites you to", self.host),
            Some(Audience::Unanswered) => format!("{} is waiting for your answer to the invitation to", self.host),
            Some(Audience::Maybe) => {
                format!("you said maybe, and {} would like to know whether you come to", self.host)
            }
            Some(Audience::Attending) => {
                format!("you said yes, and it is soon. {} is looking forward to seeing you at", self.host)
            }
        }
    }

    fn button(&self) -> &'static str {
        match self.reminds {
            None => "Open your invitation",
            Some(Audience::Attending) => "See your invitation",
            Some(_) => "Answer now",
        }
    }

    fn is_off(&self) -> bool {
        self.event.cancelled_at.is_some()
    }

    fn news(&self) -> String {
        match self.is_off() {
            true => format!("{} has cancelled", self.host),
            false => format!("{} has changed something. This is how it is now:", self.host),
        }
    }

    fn answer_words(&self) -> &'static str {
        match self.answer {
            Some(Answer::Attending) => "You are coming",
            Some(Answer::Maybe) => "You said maybe",
            _ => "You cannot come",
        }
    }
}

fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(str::trim).filter(|line| !line.is_empty())
}

#[derive(Template)]
#[template(path = "invitation.txt")]
struct InvitationText<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationHtml<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "confirmation.txt")]
struct ConfirmationText<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "confirmation.html")]
struct ConfirmationHtml<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "news.txt")]
struct NewsText<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "news.html")]
struct NewsHtml<'a> {
    letter: &'a Letter<'a>,
}

/// A theme's colours, as mail programs understand them.
pub(super) struct Palette {
    pub ground: &'static str,
    pub card: &'static str,
    pub ink: &'static str,
    pub quiet: &'static str,
    pub accent: &'static str,
    pub on_accent: &'static str,
}

pub(super) fn palette(theme: Theme) -> Palette {
    let (ground, card, ink, quiet, accent, on_accent) = match theme {
        Theme::Letterpress => ("#f1ece2", "#fffdf8", "#2a2520", "#6d6257", "#8f2f22", "#ffffff"),
        Theme::Garden => ("#e8eee3", "#fbfdf8", "#1f3326", "#566b5c", "#2f6b45", "#ffffff"),
        Theme::Midnight => ("#101a33", "#1a2748", "#f3ecd8", "#b9bfd3", "#e3c46f", "#1a2748"),
        Theme::Seaside => ("#e4eef1", "#fdfbf5", "#1d3a4a", "#587180", "#1f6f8b", "#ffffff"),
        Theme::Fiesta => ("#fff0dc", "#fffaf2", "#40202c", "#7d5a62", "#c2185b", "#ffffff"),
        Theme::Gallery => ("#ececec", "#ffffff", "#141414", "#5c5c5c", "#141414", "#ffffff"),
    };
    Palette { ground, card, ink, quiet, accent, on_accent }
}

/// The same theme after dark.
pub(super) fn dark(theme: Theme) -> Palette {
    let (ground, card, ink, quiet, accent, on_accent) = match theme {
        Theme::Letterpress => ("#1b1714", "#26211c", "#f4ecdf", "#b9ab9a", "#e0907f", "#26110c"),
        Theme::Garden => ("#131c16", "#1c2920", "#e9f2e6", "#a5b8a9", "#8ecb9f", "#10241a"),
        Theme::Midnight => return palette(Theme::Midnight),
        Theme::Seaside => ("#101b21", "#18272f", "#e6f1f4", "#a2b7c1", "#7fc4da", "#0c2530"),
        Theme::Fiesta => ("#211319", "#2e1b24", "#ffeede", "#c9a9af", "#f48fb1", "#3a0f20"),
        Theme::Gallery => ("#121212", "#1d1d1d", "#f2f2f2", "#ababab", "#f2f2f2", "#141414"),
    };
    Palette { ground, card, ink, quiet, accent, on_accent }
}
