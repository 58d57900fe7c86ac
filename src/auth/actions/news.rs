use sqlx::PgConnection;

use super::{record::record_by, token};
use crate::{
    auth::{
        Act, Host, MailForm, Purpose,
        jobs::{self, AccountEvent},
    },
    backend::Backend,
    error::{Error, Result},
    ids::UserId,
    notifications::{self, Kind},
    problem::Fields,
    problem::Problem,
    rate_limits::Limit,
};

/// Somebody asks for a link with which to set a new password.
pub async fn ask_for_reset(backend: &Backend, form: &MailForm, device: &str) -> Result<()> {
    let mut fields = Fields::default();
    let email = fields.required_email("email", &form.email);
    ask(backend, AccountEvent::ResetRequested, &fields.finish(email)?, device).await
}

/// The host asks for another link with which to prove their address.
pub async fn ask_for_verification(backend: &Backend, host: &Host) -> Result<()> {
    ask(backend, AccountEvent::VerificationRequested, host.email(), host.device()).await
}

/// Too many wishes for one address are passed over in silence.
async fn ask(backend: &Backend, news: AccountEvent, email: &str, device: &str) -> Result<()> {
    match backend.rate_limits.check(Limit::AccountEmailAddress, &email.to_lowercase()).await {
        Err(Error::Problem(Problem::TooManyRequests { .. })) => return Ok(()),
        counted => counted?,
    }
    jobs::enqueue(&mut *backend.db.acquire().await?, news, email, device).await
}

struct Account {
    id: UserId,
    email: String,
    verified: bool,
}

/// Does what follows from the news about an address: writes it down and sends the mail that fits. Run by the worker,
/// when nobody waits for an answer, so that words, status and time are the same for addresses with and without an
/// account. Nothing is written to addresses without one, and mail goes to the address that the account has, never to
/// the one that was typed.
pub async fn handle_account_event(backend: &Backend, news: AccountEvent, email: &str, device: &str) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    let account = sqlx::query_as!(
        Account,
        r#"
        select id as "id: UserId", email, verified_at is not null as "verified!"
        from users where lower(email) = lower($1) and deleted_at is null for no key update
        "#,
        email,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(account) = account else { return Ok(()) };
    let mut letter = Letter { backend, tx: &mut tx, account: &account, device };
    match news {
        AccountEvent::SignedUp if account.verified => letter.send(Purpose::Reset, Kind::Registered).await?,
        AccountEvent::SignedUp => {
            letter.record(Act::SignedUp).await?;
            letter.send(Purpose::Verify, Kind::Verify).await?;
        }
        AccountEvent::VerificationRequested if account.verified => {}
        AccountEvent::VerificationRequested => letter.send(Purpose::Verify, Kind::Verify).await?,
        AccountEvent::ResetRequested => {
            letter.record(Act::ResetAsked).await?;
            letter.send(Purpose::Reset, Kind::Reset).await?;
        }
        AccountEvent::SignInFailed => letter.record(Act::SignInFailed).await?,
        AccountEvent::Locked => {
            letter.record(Act::SignInFailed).await?;
            letter.record(Act::PasswordLocked).await?;
            letter.send(Purpose::Reset, Kind::Locked).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

struct Letter<'a> {
    backend: &'a Backend,
    tx: &'a mut PgConnection,
    account: &'a Account,
    device: &'a str,
}

impl Letter<'_> {
    async fn record(&mut self, act: Act) -> Result<()> {
        record_by(self.tx, self.backend.clock.now(), self.account.id, act, "", self.device).await
    }

    async fn send(&mut self, purpose: Purpose, kind: Kind) -> Result<()> {
        let Account { id, email, .. } = self.account;
        let token = token::issue(self.tx, self.backend, *id, purpose, email).await?;
        let now = self.backend.clock.now();
        notifications::actions::enqueue_account(self.tx, now, *id, kind, email, Some(token)).await
    }
}
