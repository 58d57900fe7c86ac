use anyhow::Context;
use lettre::{
    Message,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use super::Reference;

/// A mail ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub reference: Reference,
    /// Without angle brackets; equal for every try, so that mail programs show repeats as one.
    pub message_id: String,
    pub to_name: String,
    pub to_address: String,
    /// The host's name: shown as sender, next to our own address.
    pub from_name: String,
    pub from_address: String,
    pub reply_to: Option<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Where mail programs unsubscribe with one click (RFC 8058); on all mail that a host causes.
    pub unsubscribe: Option<String>,
    /// A calendar file to go with it.
    pub calendar: Option<String>,
}

/// Whether `text` can stand in a From header: `Name <address>` or an address.
pub fn is_sender(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

impl Mail {
    /// The sender, as a From header shows it.
    pub(super) fn from(&self) -> anyhow::Result<Mailbox> {
        let address = self.from_address.parse().context("the sender's address")?;
        Ok(Mailbox::new(Some(self.from_name.clone()), address))
    }

    /// The recipient, as a To header shows them.
    pub(super) fn to(&self) -> anyhow::Result<Mailbox> {
        let address = self.to_address.parse().context("the recipient's address")?;
        Ok(Mailbox::new(Some(self.to_name.clone()), address))
    }

    /// Headers beyond those of every mail, as name and value.
    pub(super) fn more_headers(&self) -> Vec<(&'static str, String)> {
        let Some(link) = &self.unsubscribe else { return Vec::new() };
        vec![
            ("List-Unsubscribe", format!("<{link}>")),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ]
    }

    /// The message with exactly one From, Date and Message-ID. Header values go through lettre's encoders, which
    /// fold and encode, so a name cannot start a header of its own.
    pub(super) fn message(&self) -> anyhow::Result<Message> {
        let mut message = Message::builder()
            .from(self.from()?)
            .to(self.to()?)
            .subject(&self.subject)
            .date_now()
            .message_id(Some(format!("<{}>", self.message_id)));
        if let Some(address) = &self.reply_to {
            message = message.reply_to(Mailbox::new(Some(self.from_name.clone()), address.parse()?));
        }
        for (name, value) in self.more_headers() {
            // Only what we write, in ASCII; an address must not be folded in its middle.
            let name = HeaderName::new_from_ascii_str(name);
            message = message.raw_header(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value));
        }
        let letter = MultiPart::alternative_plain_html(self.text.clone(), self.html.clone());
        let Some(calendar) = &self.calendar else { return Ok(message.multipart(letter)?) };
        Ok(message.multipart(MultiPart::mixed().multipart(letter).singlepart(calendar_part(calendar)?))?)
    }
}

/// The name under which a calendar file stands in a mail.
pub(super) const CALENDAR_NAME: &str = "invitation.ics";

fn calendar_part(calendar: &str) -> anyhow::Result<SinglePart> {
    // The header and the file must name one method (RFC 6047, 2.4).
    let method = calendar.lines().find_map(|line| line.strip_prefix("METHOD:")).unwrap_or("PUBLISH").trim();
    let kind =
        ContentType::parse(&format!("text/calendar; charset=utf-8; method={method}")).context("a content type")?;
    Ok(Attachment::new(CALENDAR_NAME.to_owned()).body(calendar.to_owned(), kind))
}
