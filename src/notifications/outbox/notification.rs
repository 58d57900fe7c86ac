//! A notification: one message to one person.

use crate::{
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
