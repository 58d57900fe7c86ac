use guestguard::{invitations::Issued, problem::Problem};
use serde::{Deserialize, Serialize};
use tower_sessions::{Session, session};

/// The session's key for what the next page shows.
const FLASH: &str = "flash";

/// What one request leaves for the next page that is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flash {
    pub notice: Option<Notice>,
    pub form: Option<Returned>,
}

/// A form that came back: what was typed, and what was wrong with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// The form's endpoint, `/api/events/create`.
    pub endpoint: String,
    /// Names and values as posted, without passwords.
    pub values: Vec<(String, String)>,
    /// `None` where the form is only shown again, for a second look.
    pub problem: Option<Problem>,
}

/// What went well. A closed list: the words are chosen where it is shown.
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
        /// Microseconds since 1970; by this they are brought back.
        at: i64,
    },
    /// How many guests got a tag, or lost it.
    Tagged(usize),
    GuestsRestored,
    /// How many went back, and how many stayed because somebody touched them since.
    ImportUndone {
        back: u64,
        kept: u64,
    },
    Invited(Issued),
    Resent,
    WordsSaved,
    /// When text messages follow mails.
    LadderSaved,
    /// A message with the host's words is on its way to them.
    TestSent,
    /// How many guests are told that the event changed.
    Told(usize),
    Rotated,
    SignedOut,
    /// A mail is on its way, if there is such an account.
    MailOnItsWay,
    AccountOpened,
    Verified,
    PasswordSet,
    PasswordChanged,
    /// Both ends got a mail.
    AddressChangeBegun,
    /// One end agreed, the other has not yet.
    AddressHalfAgreed,
    AddressChanged,
    SessionEnded,
    /// The plan ends with what is paid.
    PlanEnds,
    /// It goes on after all.
    PlanGoesOn,
    /// What the host takes along is being prepared.
    ExportAsked,
    Reauthenticated,
    AccountDeleted,
    /// A guest put right what is known of them.
    Corrected,
    /// A guest stopped a way by which their host writes to them.
    ChannelStopped,
}

impl Flash {
    /// Keeps `notice` for the next page.
    pub async fn keep_notice(session: &Session, notice: Notice) -> Result<(), session::Error> {
        session.insert(FLASH, Self { notice: Some(notice), form: None }).await
    }

    /// Keeps a form for the page it came from.
    pub async fn keep_form(session: &Session, form: Returned) -> Result<(), session::Error> {
        session.insert(FLASH, Self { notice: None, form: Some(form) }).await
    }

    /// Takes what was kept; the next page shows it once.
    pub async fn take(session: &Session) -> Result<Option<Self>, session::Error> {
        session.remove(FLASH).await
    }
}
