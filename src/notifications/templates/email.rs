//! Emails to guests: subjects, sentences and the askama templates.

use askama::Template;

use super::{ReminderAudience, palette::Palette};
use crate::{error::Result, events::Event, notifications::GuestMessage, rsvp::Answer};

/// What the templates of an email to a guest use.
pub struct GuestEmail<'a> {
    pub guest: &'a str,
    pub host: &'a str,
    pub event: &'a Event,
    pub link: &'a str,
    pub home: &'a str,
    /// The unsubscribe link; on bulk mail only.
    pub unsubscribe: Option<&'a str>,
    pub palette: Palette,
    /// For email programs in dark mode that keep to an email's own colours.
    pub dark: Palette,
    pub answer: Option<Answer>,
    pub heads: i32,
    pub companions: &'a [String],
    pub reminder: Option<ReminderAudience>,
    /// The host's own text in place of ours; empty: ours.
    pub body: String,
}

impl GuestEmail<'_> {
    /// Subject, text and HTML.
    pub fn render(&self, message: GuestMessage) -> Result<(String, String, String)> {
        let title = &self.event.title;
        let subject = match (message, self.reminder) {
            (GuestMessage::Invitation, _) => format!("You're invited: {title}"),
            (GuestMessage::Reminder, Some(ReminderAudience::Attending)) => format!("See you soon: {title}"),
            (GuestMessage::Reminder, _) => format!("Please reply: {title}"),
            (GuestMessage::Confirmation, _) => format!("{}: {title}", self.reply()),
            (GuestMessage::EventChanged, _) => format!("Changed: {title}"),
            (GuestMessage::EventCancelled, _) => format!("Cancelled: {title}"),
        };
        let (text, html) = match message {
            GuestMessage::Invitation | GuestMessage::Reminder => {
                (InvitationText { email: self }.render(), InvitationHtml { email: self }.render())
            }
            GuestMessage::Confirmation => {
                (ConfirmationText { email: self }.render(), ConfirmationHtml { email: self }.render())
            }
            GuestMessage::EventChanged | GuestMessage::EventCancelled => {
                (EventUpdateText { email: self }.render(), EventUpdateHtml { email: self }.render())
            }
        };
        Ok((subject, text.map_err(anyhow::Error::from)?, html.map_err(anyhow::Error::from)?))
    }

    /// The RSVP deadline, as in "18 June 2027".
    fn deadline(&self) -> Option<String> {
        self.event.rsvp_deadline.map(crate::events::times::long_date)
    }

    fn paragraphs(&self) -> impl Iterator<Item = &str> {
        paragraphs(&self.event.description)
    }

    fn custom_paragraphs(&self) -> impl Iterator<Item = &str> {
        paragraphs(&self.body)
    }

    fn opening(&self) -> String {
        match self.reminder {
            None => format!("{} invites you to", self.host),
            Some(ReminderAudience::Unanswered) => {
                format!("{} is waiting for your reply to the invitation to", self.host)
            }
            Some(ReminderAudience::Maybe) => {
                format!("You said maybe, and {} would like to know if you can come to", self.host)
            }
            Some(ReminderAudience::Attending) => {
                format!("It's almost time, and {} is looking forward to seeing you at", self.host)
            }
        }
    }

    fn button(&self) -> &'static str {
        match self.reminder {
            Some(ReminderAudience::Attending) => "View invitation",
            _ => "RSVP now",
        }
    }

    fn is_cancelled(&self) -> bool {
        self.event.cancelled_at.is_some()
    }

    fn update(&self) -> String {
        match self.is_cancelled() {
            true => format!("{} has cancelled", self.host),
            false => format!("{} has changed the event. Here are the new details:", self.host),
        }
    }

    fn reply(&self) -> &'static str {
        match self.answer {
            Some(Answer::Attending) => "You're going",
            Some(Answer::Maybe) => "You said maybe",
            _ => "You declined",
        }
    }
}

fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(str::trim).filter(|line| !line.is_empty())
}

#[derive(Template)]
#[template(path = "invitation.txt")]
struct InvitationText<'a> {
    email: &'a GuestEmail<'a>,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationHtml<'a> {
    email: &'a GuestEmail<'a>,
}

#[derive(Template)]
#[template(path = "confirmation.txt")]
struct ConfirmationText<'a> {
    email: &'a GuestEmail<'a>,
}

#[derive(Template)]
#[template(path = "confirmation.html")]
struct ConfirmationHtml<'a> {
    email: &'a GuestEmail<'a>,
}

#[derive(Template)]
#[template(path = "event_update.txt")]
struct EventUpdateText<'a> {
    email: &'a GuestEmail<'a>,
}

#[derive(Template)]
#[template(path = "event_update.html")]
struct EventUpdateHtml<'a> {
    email: &'a GuestEmail<'a>,
}
