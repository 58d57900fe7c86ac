use askama::Template;

use super::palette::Palette;
use crate::{
    error::Result,
    events::Event,
    notifications::{Kind, reminders::Audience},
    rsvp::Answer,
};

/// What all templates speak of.
pub struct Letter<'a> {
    pub guest: &'a str,
    pub host: &'a str,
    pub event: &'a Event,
    pub link: &'a str,
    pub home: &'a str,
    /// Where such messages are stopped; only on those that a host causes.
    pub stop: Option<&'a str>,
    pub palette: Palette,
    /// For mail programs that are dark and keep to what a mail says about it.
    pub dark: Palette,
    pub answer: Option<Answer>,
    pub heads: i32,
    pub companions: &'a [String],
    pub reminds: Option<Audience>,
    /// The host's own words in place of ours; empty: ours.
    pub words: String,
}

impl Letter<'_> {
    /// Subject, text and HTML.
    pub fn write(&self, kind: Kind) -> Result<(String, String, String)> {
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
    fn rsvp_deadline(&self) -> Option<String> {
        self.event.rsvp_deadline.map(crate::events::times::long_date)
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
