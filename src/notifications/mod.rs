use serde::{Deserialize, Serialize};

/// Mails to hosts about their accounts.
#[cfg(feature = "ssr")]
mod account_letters;
#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub mod mailer;
/// The development outbox: messages as files instead of mail.
#[cfg(feature = "ssr")]
pub mod outbox;
#[cfg(feature = "ssr")]
mod templates;
#[cfg(all(test, feature = "ssr"))]
mod tests;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Kind {
    /// Carries the personal link.
    Invitation,
    /// Thanks for an answer and repeats it.
    Confirmation,
    /// To hosts: prove your address.
    Verify,
    /// Somebody tried to open an account with an address that has one.
    Registered,
    /// Set a new password.
    Reset,
    /// The password is locked; set a new one.
    Locked,
    /// Agree that the account leaves this address.
    LeaveAddress,
    /// Agree that the account comes to this address.
    TakeAddress,
    /// The account left this address.
    AddressChanged,
    PasswordChanged,
    /// A session was ended because a copy of its cookie turned up.
    SessionRevoked,
}

impl Kind {
    /// The name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Confirmation => "confirmation",
            Self::Verify => "verify",
            Self::Registered => "registered",
            Self::Reset => "reset",
            Self::Locked => "locked",
            Self::LeaveAddress => "leave-address",
            Self::TakeAddress => "take-address",
            Self::AddressChanged => "address-changed",
            Self::PasswordChanged => "password-changed",
            Self::SessionRevoked => "session-revoked",
        }
    }
}
