//! Templates: renders notifications as emails and text messages, from ours and from a host's own text.

#[cfg(feature = "ssr")]
mod account_emails;
#[cfg(feature = "ssr")]
mod email;
#[cfg(feature = "ssr")]
mod guest_messages;
pub mod message_templates;
#[cfg(feature = "ssr")]
mod palette;
pub mod placeholders;
#[cfg(feature = "ssr")]
mod render;

#[cfg(feature = "ssr")]
pub(super) use guest_messages::sms_text;
#[cfg(feature = "ssr")]
pub(super) use render::render;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Whom a reminder is for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum ReminderAudience {
    /// Invited and without a reply.
    #[default]
    Unanswered,
    Attending,
    Maybe,
}
