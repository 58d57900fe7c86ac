//! Manual delivery: the host shares links through their own messenger, one guest at a time.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod queries;

#[cfg(feature = "ssr")]
pub use actions::{mark_sent, set_message};
#[cfg(feature = "ssr")]
pub use queries::{Current, Progress, progress};

/// What the host did with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum DeliveryOutcome {
    Sent,
    Skipped,
}

/// The channel through which the host shared a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum DeliveryChannel {
    Whatsapp,
    Sms,
    /// Copied, or shown as a QR code.
    #[default]
    Other,
}

/// The guests whose links the host shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Audience {
    /// Guests without an email address, whom nothing else reaches.
    #[default]
    NoEmail,
    /// Every guest with a phone number.
    Phone,
}

/// The message until the host writes their own.
pub const DEFAULT_TEXT: &str = "Dear {guest.name}, you are invited to {event.title} on {event.date}. Your personal \
                                invitation: {link}\n{host.name}";
/// What may stand in the words of a message, in curly brackets.
pub const PLACEHOLDERS: [&str; 6] =
    ["{guest.name}", "{guest.first_name}", "{event.title}", "{event.date}", "{host.name}", "{link}"];

/// What the placeholders of one message stand for.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    pub guest: &'a str,
    pub event: &'a str,
    pub date: &'a str,
    pub host: &'a str,
    pub link: &'a str,
}

/// The words of a message to one guest. What a name contains is never taken for a placeholder.
pub fn fill(text: &str, values: Values<'_>) -> String {
    let first_name = values.guest.split_whitespace().next().unwrap_or(values.guest);
    let stand_for = [values.guest, first_name, values.event, values.date, values.host, values.link];
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        filled.push_str(&rest[..start]);
        rest = &rest[start..];
        match PLACEHOLDERS.iter().position(|placeholder| rest.starts_with(placeholder)) {
            Some(at) => {
                filled.push_str(stand_for[at]);
                rest = &rest[PLACEHOLDERS[at].len()..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled + rest
}

/// The text of the message, as the host writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ManualMessageForm {
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_what_they_name_and_for_nothing_else() {
        let values = Values {
            guest: "Ada {link} Lovelace",
            event: "Dinner",
            date: "20 June",
            host: "Ana",
            link: "http://x/i/1",
        };
        assert_eq!(
            fill("Hi {guest.first_name}, {event.title} {x} {{link}}", values),
            "Hi Ada, Dinner {x} {http://x/i/1}"
        );
        assert_eq!(fill("{guest.name}", values), "Ada {link} Lovelace");
        assert!(DEFAULT_TEXT.contains("{link}"));
    }
}
