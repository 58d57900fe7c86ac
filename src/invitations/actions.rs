//! Issues, resends and resets personal links.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Issued, Selection};
use crate::{
    actors::Host,
    audit::{self, AuditEvent},
    backend::Backend,
    billing::limits,
    database,
    error::Result,
    events,
    guests::{self, status::GuestTx},
    ids::{EventId, GuestId, InvitationId},
    notifications::{
        Channel, GuestMessage,
        campaigns::warm_up,
        outbox::{self, GuestNotifications},
    },
    problem::{Conflict, Problem},
    secrets,
};

/// Issues a link to every guest of the selection who has none, and enqueues the emails that carry it, in one
/// transaction.
pub async fn issue(backend: &Backend, host: &Host, event: EventId, selection: &Selection) -> Result<Issued> {
    require_sendable(backend, host, event).await?;
    let only: Option<Vec<_>> = match selection {
        Selection::Only(ids) if ids.is_empty() => return Err(Problem::Conflict(Conflict::NobodySelected).into()),
        Selection::All => None,
        Selection::Only(ids) => Some(ids.iter().map(|id| id.0).collect()),
    };
    let mut tx = GuestTx::begin(&backend.db).await?;
    // The lock keeps two concurrent requests from both issuing.
    let guests = sqlx::query!(
        r#"
        select g.id as "id: GuestId", g.email from guests g
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.erased_at is null
            and ($3::uuid[] is null or g.id = any ($3))
            and not exists (select from invitations i
                where i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null)
        order by g.id
        for no key update
        "#,
        host.id().0,
        event.0,
        only.as_deref(),
    )
    .fetch_all(&mut *tx)
    .await?;
    // Read under the locks, so that whatever is stored later has a later time.
    let now = backend.clock.now();
    let ids: Vec<_> = guests.iter().map(|guest| guest.id).collect();
    let links = insert_links(backend, &mut tx, host, event, &ids, now).await?;
    let addresses: HashMap<_, _> = guests.into_iter().map(|guest| (guest.id, guest.email)).collect();
    let recipients: Vec<_> = links.iter().filter_map(|id| Some((*id, addresses.get(id).cloned().flatten()?))).collect();
    if links.is_empty() {
        return Err(Problem::Conflict(Conflict::NobodyToInvite).into());
    }
    let notifications = GuestNotifications {
        host: host.id(),
        event,
        message: GuestMessage::Invitation,
        channel: Channel::Email,
        recipients: &recipients,
    };
    let messages = outbox::enqueue(&mut tx, &backend.secrets, now, notifications).await?;
    let later = match backend.warm_up {
        true => warm_up::schedule(&mut tx, now, host.id()).await?,
        false => 0,
    };
    audit::record(&mut tx, now, host.actor(), AuditEvent::InvitationsIssued, &links.len().to_string()).await?;
    tx.commit().await?;
    database::analyze_after_bulk_load(&backend.db, database::Table::Invitations, links.len()).await;
    database::analyze_after_bulk_load(&backend.db, database::Table::Notifications, messages).await;
    backend.live.changed(event);
    Ok(Issued { links: links.len(), messages, later })
}

/// Sends a guest's live link again by email.
pub async fn resend(backend: &Backend, host: &Host, event: EventId, guest: GuestId) -> Result<()> {
    require_sendable(backend, host, event).await?;
    let mut tx = GuestTx::begin(&backend.db).await?;
    enqueue_again(&mut tx, backend, backend.clock.now(), host, event, guest).await?;
    tx.commit().await?;
    backend.live.changed(event);
    Ok(())
}

/// Corrects a guest's address and sends their live link there, in one transaction.
pub async fn correct_and_resend(
    backend: &Backend,
    host: &Host,
    event: EventId,
    guest: GuestId,
    address: &str,
) -> Result<()> {
    require_sendable(backend, host, event).await?;
    let mut tx = GuestTx::begin(&backend.db).await?;
    let now = backend.clock.now();
    guests::actions::set_email(&mut tx, now, host, event, guest, address).await?;
    enqueue_again(&mut tx, backend, now, host, event, guest).await?;
    tx.commit().await?;
    backend.live.changed(event);
    Ok(())
}

/// Resets a guest's link. The old one stops working at once; the new one is not sent.
pub async fn rotate(backend: &Backend, host: &Host, event: EventId, guest: GuestId) -> Result<()> {
    let mut tx = GuestTx::begin(&backend.db).await?;
    tx.lock(host.id(), &[guest]).await?;
    let now = backend.clock.now();
    let ended = sqlx::query!(
        "update invitations set ended_at = $4, token_sealed = null
        where host_id = $1 and event_id = $2 and guest_id = $3 and ended_at is null",
        host.id().0,
        event.0,
        guest.0,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if ended == 0 {
        // Another host's guest is a 404; a guest without a link is a conflict.
        guests::queries::guest(&backend.db, host, event, guest).await?;
        return Err(Problem::Conflict(Conflict::NotInvited).into());
    }
    insert_links(backend, &mut tx, host, event, &[guest], now).await?;
    outbox::supersede_sent_invitation(&mut tx, host.id(), guest).await?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::InvitationRotated, "").await?;
    tx.commit().await?;
    backend.live.changed(event);
    Ok(())
}

/// Enqueues a guest's live link once more.
async fn enqueue_again(
    tx: &mut GuestTx,
    backend: &Backend,
    now: DateTime<Utc>,
    host: &Host,
    event: EventId,
    guest: GuestId,
) -> Result<()> {
    let row = sqlx::query!(
        r#"
        select g.email, i.id is not null as "invited!" from guests g
        left join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        where g.host_id = $1 and g.event_id = $2 and g.id = $3 and g.deleted_at is null
        for no key update of g
        "#,
        host.id().0,
        event.0,
        guest.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Problem::NotFound)?;
    let Some(address) = row.email.filter(|_| row.invited) else {
        return Err(Problem::Conflict(Conflict::NotInvited).into());
    };
    let notifications = GuestNotifications {
        host: host.id(),
        event,
        message: GuestMessage::Invitation,
        channel: Channel::Email,
        recipients: &[(guest, address)],
    };
    outbox::enqueue(tx, &backend.secrets, now, notifications).await?;
    Ok(())
}

/// Inserts one live link for each of `guests` and returns who got one. Guests with a link are skipped.
async fn insert_links(
    backend: &Backend,
    tx: &mut GuestTx,
    host: &Host,
    event: EventId,
    guests: &[GuestId],
    now: DateTime<Utc>,
) -> Result<Vec<GuestId>> {
    let mut ids = Vec::with_capacity(guests.len());
    let mut hashes = Vec::with_capacity(guests.len());
    let mut sealed = Vec::with_capacity(guests.len());
    for _ in guests {
        let (id, token) = (InvitationId::new().0, secrets::random_token()?);
        hashes.push(secrets::token_hash(&token));
        sealed.push(backend.secrets.seal(&token, id)?);
        ids.push(id);
    }
    let guests: Vec<_> = guests.iter().map(|id| id.0).collect();
    let issued = sqlx::query_scalar!(
        r#"
        insert into invitations (host_id, event_id, guest_id, id, token_hash, token_sealed, issued_at)
        select $1, $2, n.guest_id, n.id, n.token_hash, n.token_sealed, $7
        from unnest($3::uuid[], $4::uuid[], $5::bytea[], $6::bytea[]) as n (guest_id, id, token_hash, token_sealed)
        on conflict (host_id, guest_id) where ended_at is null do nothing
        returning guest_id as "guest_id: GuestId"
        "#,
        host.id().0,
        event.0,
        &guests,
        &ids,
        &hashes,
        &sealed,
        now,
    )
    .fetch_all(&mut **tx)
    .await?;
    tx.touch(host.id(), &issued);
    Ok(issued)
}

/// Sending needs a verified host, an event that takes place, and room in the plan.
async fn require_sendable(backend: &Backend, host: &Host, event: EventId) -> Result<()> {
    let event = events::queries::event(&backend.db, host, event).await?;
    if !host.is_verified() {
        return Err(Problem::Conflict(Conflict::Unverified).into());
    }
    if event.cancelled_at.is_some() {
        return Err(Problem::Conflict(Conflict::EventCancelled).into());
    }
    limits::require_within_limits(backend, host, event.id).await
}
