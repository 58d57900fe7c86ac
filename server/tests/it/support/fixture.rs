//! Test fixtures: what `app_test` hands to a test.

use guestguard::ids::{EventId, GuestId};
use sqlx::PgPool;

use super::{Actor, App};

/// An argument of a test, made on a new database.
pub trait Fixture: Sized {
    async fn on(db: PgPool) -> Self;
}

/// The migrated database.
impl Fixture for PgPool {
    async fn on(db: PgPool) -> Self {
        db
    }
}

/// A node with the default settings.
impl Fixture for App {
    async fn on(db: PgPool) -> Self {
        Self::start(db).await
    }
}

/// A host and a guest whom they invited.
pub struct InvitedGuest {
    pub host: Actor,
    pub event: EventId,
    pub guest: GuestId,
    /// The path of the guest's link.
    pub link: String,
}

impl App {
    /// The host Ana with an event and one invited guest. `line` is what she pastes: a name, or a name and an address.
    pub async fn invited_guest(&self, line: &str) -> InvitedGuest {
        let host = self.host("Ana").await;
        let event = host.plan(&[]).await;
        host.paste(event, line).await;
        host.invite_all(event).await;
        let guest = host.guests(event, "").await[0];
        let link = host.link(event, guest).await;
        InvitedGuest { host, event, guest, link }
    }
}

/// Makes a test of an async function. Its argument is a [`Fixture`]: an `App`, or only its `PgPool`.
macro_rules! app_test {
    ($(#[$attribute:meta])* async fn $name:ident($fixture:ident: $type:ty) $body:block) => {
        $(#[$attribute])*
        #[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
        async fn $name(db: sqlx::PgPool) {
            let $fixture = <$type as crate::support::Fixture>::on(db).await;
            $body
        }
    };
}
