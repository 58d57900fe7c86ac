//! Flash messages: what one request leaves in the session for the next page.

use guestguard::{invitations::Issued, problem::Problem};
use serde::{Deserialize, Serialize};
use tower_sessions::{Session, session};

const FLASH: &str = "flash";

/// A notice, or a form with its errors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flash {
    pub notice: Option<Notice>,
    pub form: Option<Returned>,
}

/// A form to redisplay, with what was typed and its errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// The form's endpoint, `/api/events/create`.
    pub endpoint: String,
    /// Names and values as posted, without passwords.
    pub values: Vec<(String, String)>,
    /// `None` for a preview.
    pub problem: Option<Problem>,
}

/// A success. The text is chosen where it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Notice {
    TermsAccepted,
    EventCreated,
    EventSaved,
    EventCancelled,
    EventDeleted,
    GuestAdded(String),
    GuestsAdded(usize),
    GuestSaved,
    GuestsDeleted {
        event: guestguard::ids::EventId,
        guests: usize,
        /// Microseconds since 1970, the key of the undo.
        at: i64,
    },
    /// How many guests got a tag, or lost it.
    Tagged {
        guests: usize,
        /// Added, not removed.
        on: bool,
    },
    GuestsRestored,
    /// Guests removed, and guests kept because they changed since.
    ImportUndone {
        back: u64,
        kept: u64,
    },
    Invited(Issued),
    Resent,
    TemplatesSaved,
    SmsFallbackSaved,
    TestSent,
    GuestsNotified(usize),
    LinkReset,
    SignedOut,
    /// An email was sent, if the account exists.
    EmailSent,
    VerificationSent,
    AccountCreated,
    Verified,
    PasswordSet,
    PasswordChanged,
    /// Both addresses got an email.
    AddressChangeRequested,
    /// One address is confirmed, the other not yet.
    AddressChangePending,
    AddressChanged,
    SessionEnded,
    /// The plan ends with the paid period.
    PlanCancelled,
    /// The cancellation was revoked.
    PlanResumed,
    /// The data export is being prepared.
    ExportRequested,
    Reauthenticated,
    AccountDeleted,
    /// A guest edited their data.
    Corrected,
    /// A guest unsubscribed.
    ChannelStopped,
}

impl Flash {
    pub async fn keep_notice(session: &Session, notice: Notice) -> Result<(), session::Error> {
        session.insert(FLASH, Self { notice: Some(notice), form: None }).await
    }

    pub async fn keep_form(session: &Session, form: Returned) -> Result<(), session::Error> {
        session.insert(FLASH, Self { notice: None, form: Some(form) }).await
    }

    /// Takes the flash message, so that it is shown once.
    pub async fn take(session: &Session) -> Result<Option<Self>, session::Error> {
        session.remove(FLASH).await
    }
}
