use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
mod password;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

use crate::{
    ids::{SessionId, UserId},
    problem::Problem,
};

/// Fewest and most characters of a password.
pub const PASSWORD_LENGTH: (u32, u32) = (8, 256);
/// Failed sign-ins in a row that lock a password.
pub const MOST_FAILURES: i32 = 5;
/// Days of disuse after which a session ends.
pub const IDLE_DAYS: i64 = 7;
/// Minutes for which a typed password is good for what asks for a recent sign-in.
pub const RECENT_MINUTES: i64 = 15;
/// Days after which a session ends however it is used.
pub const LONGEST_DAYS: i64 = 30;

/// Proof that somebody is signed in. It comes only from [`queries::signed_in`], so a verb that takes one cannot be
/// reached without a session.
#[derive(Clone, Debug)]
pub struct Host {
    id: UserId,
    session: SessionId,
    device: String,
    name: String,
    email: String,
    verified: bool,
    accepted: bool,
    reauthenticated_at: DateTime<Utc>,
}

impl Host {
    /// The account.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The session that proves it.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// What the session runs on, "Chrome on Android".
    pub fn device(&self) -> &str {
        &self.device
    }

    /// The name that guests see.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address the account signs in with.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Whether the address is proven to be theirs. Until then nothing is sent.
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// Whether the password was typed in this session a short while before `now`: what takes everything along, or away,
    /// is done by nobody who only found the browser open.
    pub fn is_recent(&self, now: DateTime<Utc>) -> bool {
        now - self.reauthenticated_at < TimeDelta::minutes(RECENT_MINUTES)
    }

    /// Asks for the password once more where [`Self::is_recent`] does not hold.
    ///
    /// # Errors
    /// `SignInAgain`
    pub fn must_be_recent(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        if self.is_recent(now) { Ok(()) } else { Err(Problem::SignInAgain) }
    }

    /// Whether they agreed to the terms and the privacy policy as they are now.
    pub fn has_accepted(&self) -> bool {
        self.accepted
    }
}

macro_rules! form {
    ($(#[$doc:meta])* $name:ident { $($field:ident),* }) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $(pub $field: String,)*
        }

        impl std::fmt::Debug for $name {
            /// Passwords must not reach a log.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

form!(
    /// What a person types to open an account.
    SignUpForm { name, email, password, accepted }
);
form!(
    /// What a person types to sign in.
    SignInForm { email, password }
);
form!(
    /// The address for which a mail is asked.
    MailForm { email }
);
form!(
    /// A new password, for the holder of a reset link.
    ResetForm { password }
);
form!(
    /// A new password, for somebody who knows the present one.
    PasswordForm { current_password, password }
);
form!(
    /// The present password, typed again before something that asks for a recent sign-in.
    ProofForm { current_password }
);
form!(
    /// Another address for the account, for somebody who knows the password.
    AddressForm { email, current_password }
);

/// What a link in an account mail is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Purpose {
    /// Proves the address. A day.
    Verify,
    /// Sets a new password. An hour.
    Reset,
    /// Agrees, from the present address, that the account moves. A day.
    LeaveAddress,
    /// Agrees, from the new address, that the account moves there. A day.
    TakeAddress,
}

impl Purpose {
    /// The name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::LeaveAddress => "leave-address",
            Self::TakeAddress => "take-address",
        }
    }

    /// The address of such a link.
    #[cfg(feature = "ssr")]
    pub fn link(self, links: &crate::links::Links, token: &str) -> String {
        let page = match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::LeaveAddress | Self::TakeAddress => "new-address",
        };
        links.to(&format!("/{page}/{token}"))
    }

    /// Hours until such a link expires.
    pub fn hours(self) -> i64 {
        if self == Self::Reset { 1 } else { 24 }
    }
}

/// What happened to an account, for its holder to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Act {
    SignedUp,
    SignedIn,
    SignInFailed,
    PasswordLocked,
    SignedOut,
    Verified,
    ResetAsked,
    PasswordReset,
    PasswordChanged,
    AddressChangeAsked,
    AddressChanged,
    SessionEnded,
    /// An outdated session cookie was presented: a stolen copy, or a browser set back.
    SessionRevoked,
    EventDeleted,
    GuestsDeleted,
    GuestsImported,
    ImportUndone,
    GuestsExported,
    /// Of a change or a cancellation.
    GuestsTold,
    InvitationsIssued,
    InvitationRotated,
    /// The host took everything along.
    DataExported,
    /// A guest put right what the host knows of them.
    GuestCorrected,
    /// A guest erased themselves.
    GuestErased,
    /// The guests of an event were made anonymous, because their time was over.
    EventForgotten,
}

impl Act {
    /// The name in the database and in attributes.
    pub fn key(self) -> &'static str {
        match self {
            Self::SignedUp => "signed-up",
            Self::SignedIn => "signed-in",
            Self::SignInFailed => "sign-in-failed",
            Self::PasswordLocked => "password-locked",
            Self::SignedOut => "signed-out",
            Self::Verified => "verified",
            Self::ResetAsked => "reset-asked",
            Self::PasswordReset => "password-reset",
            Self::PasswordChanged => "password-changed",
            Self::AddressChangeAsked => "address-change-asked",
            Self::AddressChanged => "address-changed",
            Self::SessionEnded => "session-ended",
            Self::SessionRevoked => "session-revoked",
            Self::EventDeleted => "event-deleted",
            Self::GuestsDeleted => "guests-deleted",
            Self::GuestsImported => "guests-imported",
            Self::ImportUndone => "import-undone",
            Self::GuestsExported => "guests-exported",
            Self::GuestsTold => "guests-told",
            Self::InvitationsIssued => "invitations-issued",
            Self::InvitationRotated => "invitation-rotated",
            Self::DataExported => "data-exported",
            Self::GuestCorrected => "guest-corrected",
            Self::GuestErased => "guest-erased",
            Self::EventForgotten => "event-forgotten",
        }
    }
}

/// "Chrome on Android": what a session runs on, as far as `User-Agent` tells. Browsers that call themselves by several
/// names come first.
pub fn device_words(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 7] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ];
    let known =
        |names: &[(&str, &'static str)]| names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("A program on {system}"),
        (None, None) => "An unknown program".to_owned(),
    }
}

#[cfg(test)]
mod device_tests {
    use super::device_words;

    #[test]
    fn sessions_are_told_apart_in_words() {
        let chrome = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        let safari =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1";
        assert_eq!(device_words(chrome), "Chrome on Android");
        assert_eq!(device_words(edge), "Edge on Windows");
        assert_eq!(device_words(safari), "Safari on iPhone");
        assert_eq!(device_words("curl/8.5"), "An unknown program");
    }
}
