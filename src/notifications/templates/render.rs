//! Renders a notification.

use transports::OutgoingMessage;

use super::{account_emails, guest_messages};
use crate::{
    backend::Backend,
    error::Result,
    notifications::outbox::{Content, Notification},
};

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
