use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod queries;

#[cfg(feature = "ssr")]
pub use actions::{mark, set_text};
#[cfg(feature = "ssr")]
pub use queries::{Step, Turn, step};

/// What a host does about a link that they hand over themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Sent,
    Skipped,
}

/// The way a host sent a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    Whatsapp,
    Sms,
    /// Copied, shown or told.
    #[default]
    Other,
}

impl Outcome {
    /// The name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Skipped => "skipped",
        }
    }
}

impl Channel {
    /// The name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
            Self::Other => "other",
        }
    }
}

/// Whose links are handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// Guests without an e-mail address: nothing else reaches them.
    #[default]
    NoEmail,
    /// Everybody with a phone number.
    Phone,
}

impl Who {
    /// The name in addresses.
    pub fn key(self) -> &'static str {
        match self {
            Self::NoEmail => "no-email",
            Self::Phone => "phone",
        }
    }

    /// What an address says; the first where it says nothing.
    pub fn of_key(key: &str) -> Self {
        if key == "phone" { Self::Phone } else { Self::NoEmail }
    }
}

/// The words that a message begins with until a host chooses others.
pub const FIRST_TEXT: &str = "Dear {guest.name}, you are invited to {event.title} on {event.date}. Here is your personal \
                              invitation, please answer there: {link}\n{host.name}";
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

/// The words of a message, as a host writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextForm {
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
        assert!(FIRST_TEXT.contains("{link}"));
    }
}
