//! Problems: the closed list of what a person is told when a request cannot be done.

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
    /// 401. Nobody is signed in; the person returns here after signing in.
    SignInRequired,
    /// 401. The last password entry is too long ago for this.
    SignInAgain,
    /// 402. A limit of the account's tier; `used` of `limit` are used.
    UpgradeRequired { reason: LimitReached, tier: Tier, used: i64, limit: i64 },
    /// 404. It does not exist or belongs to another host; the two look alike.
    NotFound,
    /// 409. The request conflicts with the current state.
    Conflict(Conflict),
    /// 410. The link is no longer valid.
    LinkEnded(LinkEnd),
    /// 413. The body is too large for its form.
    TooLong,
    /// 422. Invalid fields.
    Invalid(Vec<InvalidField>),
    /// 423. The password is locked after failed sign-ins, known or not; a reset unlocks it.
    Locked,
    /// 429. Try again after this many seconds.
    TooManyRequests { retry_after: u32 },
    /// 503. The service is busy or a part of it is unavailable; try again after this many seconds.
    Unavailable { retry_after: u32 },
    /// 503. Maintenance mode.
    Maintenance { retry_after: u32 },
    /// 500. Our error; the reference finds the cause in the log.
    Unexpected { reference: String },
}

/// How a request conflicts with the current state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Conflict {
    /// The event has only `left` free seats.
    EventFull { left: u32 },
    /// The RSVP deadline has passed, or the event has begun.
    AnswersClosed,
    /// The event was cancelled before.
    EventCancelled,
    /// No guest is selected.
    NobodySelected,
    /// Nobody in the selection still needs an invitation.
    NobodyToInvite,
    /// The guest has no link yet.
    NotInvited,
    /// Nothing is sent until the host's email address is verified.
    Unverified,
    /// The new address belongs to another account.
    AddressTaken,
    /// Deleted guests are kept for a day only; this one is gone.
    UndoExpired,
    /// The import was committed before.
    ImportDone,
    /// No row of the file would change anything.
    NothingToImport,
    /// A tag was to be given, and none or several were typed.
    OneTag,
    /// The account has that plan already.
    PlanAlready,
    /// The account has no plan that could be cancelled.
    NoPlan,
    /// The event's guests were made anonymous; there is nothing left to be changed, and nobody to be added.
    Forgotten,
    /// What the account takes along is too much to be made while one waits; it has to be asked for.
    ExportToPrepare,
    /// More guests at once than one request may carry.
    TooManyAtOnce { max: u32 },
}

/// Why a link that was good once no longer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkEnd {
    /// The host issued a new link to this guest.
    Replaced,
    /// The guest was taken off the list.
    Withdrawn,
    /// The guest is an anonymous seat by now: at their own wish, or because their time was over.
    Erased,
    /// A link from an account mail: used, expired, or never issued.
    Expired,
}

impl LinkEnd {
    /// Why the link of a guest is no longer good, if it is not; what happened to the guest is told first.
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
    /// The HTTP status that says the same.
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

    /// Seconds until another try makes sense, for the `Retry-After` header.
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

    /// What the transport itself can say: no connection, or arguments that do not fit.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::Invalid(Vec::new())
            }
            _ => Self::Unavailable { retry_after: 5 },
        }
    }
}
