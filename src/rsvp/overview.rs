//! The overview of an event: figures, chart and recent activity.

use serde::{Deserialize, Serialize};

use super::{Answer, chart::Chart};
use crate::{events::EventFigures, ids::EventId};

/// Sent to the browser as JSON over the event's WebSocket after every change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    pub event: EventId,
    pub figures: EventFigures,
    pub capacity: Option<i32>,
    pub chart: Chart,
    /// Newest first.
    pub feed: Vec<Activity>,
}

/// One entry of the activity feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    pub kind: ActivityKind,
    /// The guest's name; empty for several guests.
    pub guest: String,
    /// Readable time in the event's time zone.
    pub at: String,
    /// For the `datetime` attribute.
    pub iso: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActivityKind {
    /// The number of links issued at once.
    Invited(i64),
    Opened,
    Answered {
        answer: Answer,
        heads: i32,
    },
    /// An email could not be delivered.
    Failed,
}

impl ActivityKind {
    /// The value of `data-kind`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Invited(_) => "invited",
            Self::Opened => "opened",
            Self::Answered { answer, .. } => answer.into_str(),
            Self::Failed => "failed",
        }
    }
}
