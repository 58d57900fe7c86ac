//! Account event job: what follows when somebody types an email address at sign-up, sign-in or reset.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::actions;
use crate::{
    error::Result,
    queue::{self, Job, JobContext},
};

/// What happened with an email address, whether it has an account or not. Handled by the worker, so that response and
/// time do not reveal which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountEvent {
    SignedUp,
    VerificationRequested,
    ResetRequested,
    SignInFailed,
    /// The failure that locked the password.
    Locked,
}

/// Handles an account event. The worker runs it, so that answer and response time are the same whether the address has an
/// account or not.
#[derive(Debug, Serialize, Deserialize)]
pub struct HandleAccountEvent {
    pub event: AccountEvent,
    pub email: String,
    pub device: String,
}

impl Job for HandleAccountEvent {
    const NAME: &'static str = "handle_account_event";

    async fn run(self, context: &JobContext) -> Result<()> {
        actions::handle_account_event(context.backend()?, self.event, &self.email, &self.device).await
    }
}

/// Enqueues an account event; one statement whether the address has an account or not.
pub(super) async fn enqueue(db: &mut PgConnection, event: AccountEvent, email: &str, device: &str) -> Result<()> {
    let job = HandleAccountEvent { event, email: email.to_owned(), device: device.to_owned() };
    queue::enqueue(db, &job, None).await
}

/// Deletes the account events of an address that are waiting or have failed.
pub async fn delete_account_events(db: &mut PgConnection, email: &str) -> Result<()> {
    queue::delete_by_payload::<HandleAccountEvent>(db, "email", email).await
}
