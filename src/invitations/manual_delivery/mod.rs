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
/// The text of the message, as the host writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ManualMessageForm {
    pub text: String,
}
