//! Audit log of accounts: what hosts, guests and schedules did to an account's data.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{actors::Actor, error::Result};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, sqlx::Type)]
#[strum(serialize_all = "kebab-case")]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum AuditEvent {
    SignedUp,
    SignedIn,
    SignInFailed,
    PasswordLocked,
    SignedOut,
    Verified,
    ResetRequested,
    PasswordReset,
    PasswordChanged,
    AddressChangeRequested,
    AddressChanged,
    SessionEnded,
    /// A replaced session cookie was reused: a stolen copy, or a browser restored from a backup.
    SessionRevoked,
    EventDeleted,
    GuestsDeleted,
    GuestsImported,
    ImportUndone,
    GuestsExported,
    /// Of a change or a cancellation.
    GuestsNotified,
    InvitationsIssued,
    InvitationRotated,
    DataExported,
    /// By the guest.
    GuestCorrected,
    /// By the guest.
    GuestErased,
    /// The event's retention period ended.
    EventAnonymised,
}

/// Writes one entry, in the transaction that it reports. `detail` is for the account's holder and contains no secret.
pub async fn record(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    actor: Actor<'_>,
    event: AuditEvent,
    detail: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into audit_log (user_id, id, kind, detail, device, at)
        values ($1, $2, $3, left($4, 200), left($5, 80), $6)",
        actor.user.0,
        Uuid::now_v7(),
        event as AuditEvent,
        detail,
        actor.device,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
