//! Actors: proof of who acts. A host comes only from a session, a guest only from a live link.

#[cfg(feature = "ssr")]
mod proofs;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    ids::{EventId, GuestId, InvitationId, SessionId, UserId},
    problem::Problem,
};

/// Minutes for which a password entry counts for [`Host::is_reauthenticated`].
pub const REAUTHENTICATION_MINUTES: i64 = 15;

/// Proof of a signed-in user. Only `auth::queries::signed_in` makes one, so verbs that take it require a session.
#[derive(Clone, Debug)]
pub struct Host(OpenSession);

/// What an open session says, for [`Host::of`].
#[derive(Clone, Debug)]
pub(crate) struct OpenSession {
    pub id: UserId,
    pub session: SessionId,
    pub device: String,
    pub name: String,
    pub email: String,
    pub verified: bool,
    pub accepted: bool,
    pub reauthenticated_at: DateTime<Utc>,
}

impl Host {
    pub fn id(&self) -> UserId {
        self.0.id
    }

    pub fn session(&self) -> SessionId {
        self.0.session
    }

    /// The session's device, such as "Chrome on Android".
    pub fn device(&self) -> &str {
        &self.0.device
    }

    /// The name that guests see.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The address the account signs in with.
    pub fn email(&self) -> &str {
        &self.0.email
    }

    /// Whether the address is verified. Until then nothing is sent.
    pub fn is_verified(&self) -> bool {
        self.0.verified
    }

    /// Whether this session entered the password shortly before `now`. Required for exports and account deletion, so that
    /// an unattended browser is not enough.
    pub fn is_reauthenticated(&self, now: DateTime<Utc>) -> bool {
        now - self.0.reauthenticated_at < TimeDelta::minutes(REAUTHENTICATION_MINUTES)
    }

    /// Requires [`Self::is_reauthenticated`].
    ///
    /// # Errors
    /// `SignInAgain`
    pub fn require_reauthentication(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        if self.is_reauthenticated(now) { Ok(()) } else { Err(Problem::SignInAgain) }
    }

    /// Whether they accepted the current terms and privacy policy.
    pub fn has_accepted(&self) -> bool {
        self.0.accepted
    }

    /// The host as the actor of an audit log entry.
    pub fn actor(&self) -> Actor<'_> {
        Actor { user: self.0.id, device: &self.0.device }
    }
}

/// Proof that the caller holds a guest's live link. It comes only from `invitations::queries::guest_of` and `invitations::page::page`.
#[derive(Clone, Debug)]
pub struct Guest {
    host: UserId,
    event: EventId,
    id: GuestId,
    invitation: InvitationId,
}

impl Guest {
    pub fn host(&self) -> UserId {
        self.host
    }

    pub fn event(&self) -> EventId {
        self.event
    }

    pub fn id(&self) -> GuestId {
        self.id
    }

    pub fn invitation(&self) -> InvitationId {
        self.invitation
    }
}

/// The account that an event belongs to, and the device that caused it.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    pub user: UserId,
    /// "Chrome on Android"; empty for guests and schedules.
    pub device: &'a str,
}

impl Actor<'_> {
    /// A guest or a schedule that changed data of `user`.
    pub fn without_device(user: UserId) -> Self {
        Self { user, device: "" }
    }
}
