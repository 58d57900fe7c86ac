//! A notification to render, and its rendering.

use transports::OutgoingMessage;

use super::{account_emails, guest_messages};
use crate::{
    backend::Backend,
    error::Result,
    ids::{AccountTokenId, EventId, GuestId, NotificationId, UserId},
    notifications::{AccountMessage, Channel, GuestMessage},
};

/// One message to one person.
#[derive(Clone, Debug)]
pub struct Notification {
    pub host: UserId,
    pub id: NotificationId,
    pub channel: Channel,
    pub recipient: String,
    pub content: Content,
}

/// What a notification says.
#[derive(Clone, Debug)]
pub enum Content {
    Guest {
        event: EventId,
        guest: GuestId,
        message: GuestMessage,
    },
    Account {
        /// The token of the link in it.
        token: Option<AccountTokenId>,
        message: AccountMessage,
    },
}

/// Renders a notification with what is true now. `None`: it is no longer wanted.
pub async fn render(backend: &Backend, notification: &Notification) -> Result<Option<OutgoingMessage>> {
    match notification.content {
        Content::Guest { guest, message, .. } => guest_messages::render(backend, notification, guest, message).await,
        Content::Account { token, message } => {
            let email = account_emails::render(backend, notification, token, message).await?;
            Ok(email.map(|email| OutgoingMessage::Email(Box::new(email))))
        }
    }
}
