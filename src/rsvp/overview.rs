use serde::{Deserialize, Serialize};

use super::{Answer, chart::Chart};
use crate::{events::Figures, ids::EventId};

/// What a host watches: figures, chart and feed of one event. Travels to the browser, as JSON over the event's socket, whenever
/// something changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    pub event: EventId,
    pub figures: Figures,
    pub capacity: Option<i32>,
    pub chart: Chart,
    /// Newest first.
    pub feed: Vec<Happening>,
}

/// One thing that just happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    pub what: What,
    /// Whom it concerns; empty for many.
    pub guest: String,
    /// Words in the event's zone.
    pub at: String,
    /// For the `datetime` attribute.
    pub iso: String,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// So many links were issued at once.
    Invited(i64),
    Opened,
    Answered {
        answer: Answer,
        heads: i32,
    },
    /// A mail could not be delivered.
    Failed,
}

impl What {
    /// The name in attributes.
    pub fn key(self) -> &'static str {
        match self {
            Self::Invited(_) => "invited",
            Self::Opened => "opened",
            Self::Answered { answer, .. } => answer.key(),
            Self::Failed => "failed",
        }
    }
}
