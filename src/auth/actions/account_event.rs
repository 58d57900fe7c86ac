//! Account events: emails about an address, without revealing whether it has an account.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::token;
use crate::{
    actors::{Actor, Host},
    audit::{self, AuditEvent},
    auth::{
        EmailForm, Purpose,
        jobs::{self, AccountEvent},
    },
    backend::Backend,
    error::{Error, Result},
    ids::UserId,
    notifications::{self, AccountMessage},
    problem::{Fields, Problem},
    rate_limits::Limit,
};

/// Requests a password reset link.
pub async fn request_reset(backend: &Backend, form: &EmailForm, device: &str) -> Result<()> {
    let mut fields = Fields::default();
    let email = fields.required_email("email", &form.email);
    request(backend, AccountEvent::ResetRequested, &fields.finish(email)?, device).await
}

/// The host requests another verification link.
pub async fn request_verification(backend: &Backend, host: &Host) -> Result<()> {
    request(backend, AccountEvent::VerificationRequested, host.email(), host.device()).await
}

/// Silently ignores too many requests for one address.
async fn request(backend: &Backend, event: AccountEvent, email: &str, device: &str) -> Result<()> {
    match backend.rate_limits.check(Limit::AccountEmailAddress, &email.to_lowercase()).await {
        Err(Error::Problem(Problem::TooManyRequests { .. })) => return Ok(()),
        counted => counted?,
    }
    jobs::enqueue(&mut *backend.db.acquire().await?, event, email, device).await
}

struct AccountRow {
    id: UserId,
    email: String,
    verified: bool,
}

/// Audits an account event and sends the matching email. Run by the worker, so that response, status and time are the same
/// for addresses with and without an account. The email goes to the account's address, never to the typed one; without an
/// account, nothing is sent.
pub async fn handle_account_event(backend: &Backend, event: AccountEvent, email: &str, device: &str) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    let account = sqlx::query_as!(
        AccountRow,
        r#"
        select id as "id: UserId", email, verified_at is not null as "verified!"
        from users where lower(email) = lower($1) and deleted_at is null for no key update
        "#,
        email,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(account) = account else { return Ok(()) };
    let mut handler = Handler { backend, now: backend.clock.now(), tx: &mut tx, account: &account, device };
    match event {
        AccountEvent::SignedUp if account.verified => handler.send(Purpose::Reset, AccountMessage::Registered).await?,
        AccountEvent::SignedUp => {
            handler.record(AuditEvent::SignedUp).await?;
            handler.send(Purpose::Verify, AccountMessage::Verify).await?;
        }
        AccountEvent::VerificationRequested if account.verified => {}
        AccountEvent::VerificationRequested => handler.send(Purpose::Verify, AccountMessage::Verify).await?,
        AccountEvent::ResetRequested => {
            handler.record(AuditEvent::ResetRequested).await?;
            handler.send(Purpose::Reset, AccountMessage::Reset).await?;
        }
        AccountEvent::SignInFailed => handler.record(AuditEvent::SignInFailed).await?,
        AccountEvent::Locked => {
            handler.record(AuditEvent::SignInFailed).await?;
            handler.record(AuditEvent::PasswordLocked).await?;
            handler.send(Purpose::Reset, AccountMessage::Locked).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

struct Handler<'a> {
    backend: &'a Backend,
    now: DateTime<Utc>,
    tx: &'a mut PgConnection,
    account: &'a AccountRow,
    device: &'a str,
}

impl Handler<'_> {
    async fn record(&mut self, event: AuditEvent) -> Result<()> {
        let actor = Actor { user: self.account.id, device: self.device };
        audit::record(self.tx, self.now, actor, event, "").await
    }

    async fn send(&mut self, purpose: Purpose, message: AccountMessage) -> Result<()> {
        let AccountRow { id, email, .. } = self.account;
        let token = token::issue(self.tx, self.backend, self.now, *id, purpose, email).await?;
        notifications::outbox::enqueue_account(self.tx, self.now, *id, message, email, Some(token)).await
    }
}
