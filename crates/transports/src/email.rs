//! Email: the fields of a message, and how they become MIME.

use anyhow::Context;
use lettre::{
    Message,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

/// A calendar file (iCalendar), to attach to an email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarFile {
    pub file_name: String,
    pub content: String,
}

/// An email that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Identifies the message for the caller, in ASCII letters, digits, `-` and `_`. It is the idempotency key where the
    /// provider has one, and comes back with the provider's delivery reports.
    pub reference: String,
    /// Without angle brackets; the same for every attempt, so that mail programs show repeats as one.
    pub message_id: String,
    pub to_name: String,
    pub to_address: String,
    /// The sender's display name, shown next to our own address.
    pub from_name: String,
    pub from_address: String,
    pub reply_to: Option<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The URL for one-click unsubscribing (RFC 8058).
    pub unsubscribe: Option<String>,
    pub calendar: Option<CalendarFile>,
}

impl Email {
    /// The From header.
    pub(super) fn from(&self) -> anyhow::Result<Mailbox> {
        let address = self.from_address.parse().context("the sender's address")?;
        Ok(Mailbox::new(Some(self.from_name.clone()), address))
    }

    /// The To header.
    pub(super) fn to(&self) -> anyhow::Result<Mailbox> {
        let address = self.to_address.parse().context("the recipient's address")?;
        Ok(Mailbox::new(Some(self.to_name.clone()), address))
    }

    /// Unsubscribe headers, as name and value.
    pub(super) fn unsubscribe_headers(&self) -> Vec<(&'static str, String)> {
        let Some(link) = &self.unsubscribe else { return Vec::new() };
        vec![
            ("List-Unsubscribe", format!("<{link}>")),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ]
    }

    /// The MIME message with exactly one From, Date and Message-ID. lettre encodes header values, so a name cannot inject a
    /// header.
    pub(super) fn mime(&self) -> anyhow::Result<Message> {
        let mut message = Message::builder()
            .from(self.from()?)
            .to(self.to()?)
            .subject(&self.subject)
            .date_now()
            .message_id(Some(format!("<{}>", self.message_id)));
        if let Some(address) = &self.reply_to {
            message = message.reply_to(Mailbox::new(Some(self.from_name.clone()), address.parse()?));
        }
        for (name, value) in self.unsubscribe_headers() {
            // ASCII that we write ourselves; lettre's encoder would fold the URL.
            let name = HeaderName::new_from_ascii_str(name);
            message = message.raw_header(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value));
        }
        let body = MultiPart::alternative_plain_html(self.text.clone(), self.html.clone());
        let Some(calendar) = &self.calendar else { return Ok(message.multipart(body)?) };
        Ok(message.multipart(MultiPart::mixed().multipart(body).singlepart(calendar_part(calendar)?))?)
    }
}

fn calendar_part(calendar: &CalendarFile) -> anyhow::Result<SinglePart> {
    // The header and the file must name one method (RFC 6047, 2.4).
    let method = calendar.content.lines().find_map(|line| line.strip_prefix("METHOD:")).unwrap_or("PUBLISH").trim();
    let content_type =
        ContentType::parse(&format!("text/calendar; charset=utf-8; method={method}")).context("a content type")?;
    Ok(Attachment::new(calendar.file_name.clone()).body(calendar.content.clone(), content_type))
}
