//! Account queries: the signed-in host, link holders, and the account page.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use super::{IDLE_DAYS, Purpose, SESSION_MAX_DAYS};
use crate::{
    actors::{Host, OpenSession},
    audit::AuditEvent,
    backend::Backend,
    error::Result,
    ids::{SessionId, Token, UserId},
    legal::LegalDocument,
    problem::{LinkEnd, Problem},
    secrets,
};

/// The host of a session, or `None` if it has ended: by sign-out, disuse, age, or account deletion.
pub async fn signed_in(backend: &Backend, session: SessionId) -> Result<Option<Host>> {
    let now = backend.clock.now();
    let row = sqlx::query!(
        r#"
        select u.id as "id: UserId", u.name, u.email, s.device, s.reauthenticated_at, u.verified_at is not null as "verified!",
            coalesce(u.terms_version = $4 and u.privacy_policy_version = $5, false) as "accepted!"
        from sessions s join users u on u.id = s.user_id
        where s.id = $1 and s.ended_at is null and s.seen_at > $2 and s.created_at > $3 and u.deleted_at is null
        "#,
        session.0,
        now - TimeDelta::days(IDLE_DAYS),
        now - TimeDelta::days(SESSION_MAX_DAYS),
        LegalDocument::Terms.current(),
        LegalDocument::PrivacyPolicy.current(),
    )
    .fetch_optional(&backend.db)
    .await?;
    Ok(row.map(|row| {
        Host::of(OpenSession {
            id: row.id,
            session,
            device: row.device,
            name: row.name,
            email: row.email,
            verified: row.verified,
            accepted: row.accepted,
            reauthenticated_at: row.reauthenticated_at,
        })
    }))
}

/// Whether an account has this address. For operators only; the interface never reveals it.
pub async fn is_taken(db: &PgPool, email: &str) -> Result<bool> {
    let taken = sqlx::query_scalar!(
        r#"select exists(select from users where lower(email) = lower($1) and deleted_at is null) as "taken!""#,
        email
    )
    .fetch_one(db)
    .await?;
    Ok(taken)
}

/// The holder of a link from an account email.
#[derive(Clone, Debug)]
pub struct LinkHolder {
    pub name: String,
    /// The address that the link was issued for.
    pub email: String,
    /// The account's current address.
    pub account_email: String,
}

/// The holder of a valid link; does not consume it.
///
/// # Errors
/// `LinkEnded` for a link that is unknown, expired or used, without distinction.
pub async fn link_holder(backend: &Backend, token: &Token, purposes: &[Purpose]) -> Result<LinkHolder> {
    let purposes: Vec<String> = purposes.iter().map(ToString::to_string).collect();
    let holder = sqlx::query_as!(
        LinkHolder,
        r#"
        select u.name, t.email, u.email as account_email from account_tokens t join users u on u.id = t.user_id
        where t.token_hash = $1 and t.purpose = any ($2) and t.used_at is null and t.expires_at > $3
        "#,
        secrets::token_hash(&token.0),
        &purposes,
        backend.clock.now(),
    )
    .fetch_optional(&backend.db)
    .await?;
    holder.ok_or_else(|| Problem::LinkEnded(LinkEnd::Expired).into())
}

/// The account page: active sessions and recent activity.
#[derive(Clone, Debug)]
pub struct AccountDetails {
    pub sessions: Vec<SessionLine>,
    pub activity: Vec<AuditEntry>,
    pub now: DateTime<Utc>,
}

/// An active session.
#[derive(Clone, Debug)]
pub struct SessionLine {
    pub id: SessionId,
    pub device: String,
    pub seen_at: DateTime<Utc>,
}

/// An entry of the audit log.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    pub event: AuditEvent,
    pub detail: String,
    pub device: String,
    pub at: DateTime<Utc>,
}

pub async fn account(backend: &Backend, host: &Host) -> Result<AccountDetails> {
    let now = backend.clock.now();
    let sessions = sqlx::query_as!(
        SessionLine,
        r#"
        select id as "id: SessionId", device, seen_at from sessions
        where user_id = $1 and ended_at is null and seen_at > $2 and created_at > $3
        order by seen_at desc limit 50
        "#,
        host.id().0,
        now - TimeDelta::days(IDLE_DAYS),
        now - TimeDelta::days(SESSION_MAX_DAYS),
    )
    .fetch_all(&backend.db)
    .await?;
    Ok(AccountDetails { sessions, activity: activity(&backend.db, host).await?, now })
}

async fn activity(db: &PgPool, host: &Host) -> Result<Vec<AuditEntry>> {
    let activity = sqlx::query_as!(
        AuditEntry,
        r#"
        select kind as "event: AuditEvent", detail, device, at from audit_log
        where user_id = $1 order by at desc, id desc limit 50
        "#,
        host.id().0,
    )
    .fetch_all(db)
    .await?;
    Ok(activity)
}
