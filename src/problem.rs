//! Problems: why a request cannot be done, as a closed list.

use serde::{Deserialize, Serialize};
use server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};

mod fields;

pub use fields::{FieldError, Fields, FileError, InvalidField, invalid, is_email};

use crate::plan::{LimitReached, Tier};

/// Why a request cannot be done, for the person. A closed list without free text or personal data, because it is part of
/// responses; `app/src/ui/words.rs` has the texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Problem {
    /// 401. Nobody is signed in. Signing in returns to this page.
    SignInRequired,
    /// 401. The password was confirmed too long ago.
    SignInAgain,
    /// 402. A limit of the account's tier; `used` of `limit` are used.
    UpgradeRequired { reason: LimitReached, tier: Tier, used: i64, limit: i64 },
    /// 404. It does not exist, or belongs to another host; callers cannot tell which.
    NotFound,
    /// 409. The request conflicts with the current state.
    Conflict(Conflict),
    /// 410. The link is no longer valid.
    LinkEnded(LinkEnd),
    /// 413. The body is too large for its form.
    TooLong,
    /// 422. Invalid fields.
    Invalid(Vec<InvalidField>),
    /// 423. The password is locked after failed sign-ins, whether the account exists or not; a reset unlocks it.
    Locked,
    /// 429. Try again after this many seconds.
    TooManyRequests { retry_after: u32 },
    /// 503. The service is busy or a part of it is unavailable; try again after this many seconds.
    Unavailable { retry_after: u32 },
    /// 503. Maintenance mode.
    Maintenance { retry_after: u32 },
    /// 500. Our error; the log has its cause under this reference.
    Unexpected { reference: String },
}

/// How a request conflicts with the current state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Conflict {
    /// The event has only `left` free seats.
    EventFull { left: u32 },
    /// The RSVP deadline has passed, or the event has started.
    RsvpsClosed,
    /// The event is cancelled.
    EventCancelled,
    /// No guest is selected.
    NobodySelected,
    /// All selected guests have been invited.
    NobodyToInvite,
    /// The guest has no link yet.
    NotInvited,
    /// The host's email address is not verified.
    Unverified,
    /// The new address belongs to another account.
    AddressTaken,
    /// The change was undone already, or more than a day ago.
    UndoExpired,
    /// The import is committed.
    ImportDone,
    /// No line of the file would add or change a guest.
    NothingToImport,
    /// Not exactly one valid tag.
    OneTag,
    /// The account already has this plan.
    PlanAlready,
    /// The account has no plan to cancel or resume.
    NoPlan,
    /// The event's guests are anonymised; its list cannot be changed.
    Anonymised,
    /// The export is too large for one request; a job has to prepare it.
    ExportToPrepare,
    /// More guests than one request may add, or more reminders than an event may have.
    TooManyAtOnce { max: u32 },
}

/// Why a link no longer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkEnd {
    /// The host reset the link.
    Replaced,
    /// The host removed the guest.
    Withdrawn,
    /// The guest was erased or anonymised.
    Erased,
    /// The link of an account email was used, has expired, or was never issued.
    Expired,
}

impl LinkEnd {
    /// Why a guest's link no longer works, if so. What happened to the guest takes precedence over a new link.
    pub fn of(withdrawn: bool, erased: bool, replaced: bool) -> Option<Self> {
        match (withdrawn, erased, replaced) {
            (true, ..) => Some(Self::Withdrawn),
            (_, true, _) => Some(Self::Erased),
            (.., true) => Some(Self::Replaced),
            _ => None,
        }
    }
}

impl Problem {
    /// Its HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::SignInRequired | Self::SignInAgain => 401,
            Self::UpgradeRequired { .. } => 402,
            Self::NotFound => 404,
            Self::Conflict(_) => 409,
            Self::LinkEnded(_) => 410,
            Self::TooLong => 413,
            Self::Invalid(_) => 422,
            Self::Locked => 423,
            Self::TooManyRequests { .. } => 429,
            Self::Unavailable { .. } | Self::Maintenance { .. } => 503,
            Self::Unexpected { .. } => 500,
        }
    }

    /// Seconds until a retry makes sense, for the `Retry-After` header.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooManyRequests { retry_after }
            | Self::Unavailable { retry_after }
            | Self::Maintenance { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// The errors of one field, by its name.
    pub fn errors<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a InvalidField> {
        let errors = match self {
            Self::Invalid(errors) => errors.as_slice(),
            _ => &[],
        };
        errors.iter().filter(move |error| error.field == field)
    }
}

impl FromServerFnError for Problem {
    type Encoder = JsonEncoding;

    /// The transport's own errors: no connection, or invalid arguments.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::Invalid(Vec::new())
            }
            _ => Self::Unavailable { retry_after: 5 },
        }
    }
}
