//! Constructors of the proof types. `bin/layers` allows them only where a session or a link was checked.

use super::{Guest, Host, OpenSession};
use crate::ids::{EventId, GuestId, InvitationId, UserId};

impl Host {
    /// Only for `auth::queries::signed_in`.
    pub(crate) fn of(session: OpenSession) -> Self {
        Self(session)
    }
}

impl Guest {
    /// Only for `invitations::queries::guest_of` and `invitations::page::page`.
    pub(crate) fn of(host: UserId, event: EventId, id: GuestId, invitation: InvitationId) -> Self {
        Self { host, event, id, invitation }
    }
}
