//! Message reference: identifies a notification towards providers, and comes back in their webhooks.

use crate::ids::{NotificationId, UserId};

/// Host and notification. As text, `<host>_<notification>`, both ids in simple form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    pub host: UserId,
    pub id: NotificationId,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.host.0.simple(), self.id.0.simple())
    }
}

impl std::str::FromStr for Reference {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, id) = text.split_once('_').unwrap_or((text, ""));
        Ok(Self { host: UserId(host.parse()?), id: NotificationId(id.parse()?) })
    }
}
