//! A guest's rights: correct, unsubscribe, erase.

use crate::{
    actors::{Actor, Guest},
    audit::{self, AuditEvent},
    backend::Backend,
    error::Result,
    events,
    guests::{parse_name, parse_phone, status::GuestTx},
    notifications::{
        Channel, dev_outbox,
        outbox::quiesce_host,
        suppressions::{self, Reason, Scope},
    },
    privacy::{CorrectionForm, erasure},
    problem::{Fields, Problem},
};

/// A guest corrects their data. Messages already queued still go to the old address.
pub async fn correct(backend: &Backend, guest: &Guest, form: &CorrectionForm) -> Result<()> {
    let mut fields = Fields::default();
    let name = parse_name(&mut fields, "name", &form.name);
    let email = fields.email("email", &form.email);
    let phone = parse_phone(&mut fields, "phone", &form.phone, "");
    fields.finish(())?;
    let now = backend.clock.now();
    let title = events::queries::event_of(&backend.db, guest.host(), guest.event()).await?.title;
    let mut tx = GuestTx::begin(&backend.db).await?;
    let changed = sqlx::query!(
        "update guests set name = $3, email = $4, phone = $5, updated_at = $6
        where host_id = $1 and id = $2 and deleted_at is null and erased_at is null",
        guest.host().0,
        guest.id().0,
        name,
        email,
        phone,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if changed == 0 {
        return Err(Problem::NotFound.into());
    }
    tx.touch(guest.host(), &[guest.id()]);
    audit::record(&mut tx, now, Actor::without_device(guest.host()), AuditEvent::GuestCorrected, &title).await?;
    tx.commit().await?;
    backend.live.changed(guest.event());
    Ok(())
}

/// A guest unsubscribes from one channel of this host. Only a link in a message can undo that: the host knows the invitation
/// link too.
pub async fn stop_channel(backend: &Backend, guest: &Guest, channel: Channel) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = GuestTx::begin(&backend.db).await?;
    let contact = sqlx::query!(
        "select email, phone from guests where host_id = $1 and id = $2 and erased_at is null for no key update",
        guest.host().0,
        guest.id().0,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Problem::NotFound)?;
    let address = match channel {
        Channel::Email => contact.email,
        Channel::Sms => contact.phone,
    };
    let address = address.ok_or(Problem::NotFound)?;
    let scope = Scope::Host(guest.host());
    suppressions::suppress(&mut tx, &backend.secrets, now, &address, scope, Reason::Unsubscribed).await?;
    tx.commit().await?;
    backend.live.changed(guest.event());
    Ok(())
}

/// Erases a guest at their request. A keyed hash of their address remains, so that this host cannot write to them again.
/// After this returns, nothing is sent to them.
pub async fn erase(backend: &Backend, guest: &Guest) -> Result<()> {
    let (host, event, ids) = (guest.host(), guest.event(), [guest.id()]);
    let now = backend.clock.now();
    let title = events::queries::event_of(&backend.db, host, event).await?.title;
    let mut tx = quiesce_host(backend, host, Some(guest.id())).await?;
    let addresses = erasure::guest_addresses(&mut tx, host, event, &ids, false).await?;
    let written = dev_outbox::messages_of(&mut tx, backend, host, Some(guest.id())).await?;
    erasure::erase_guests(&mut tx, now, &backend.secrets, host, event, &ids).await?;
    for address in addresses {
        suppressions::suppress_by_hash(&mut tx, now, &backend.secrets, host, &address, Reason::Erased).await?;
    }
    // The audit log names the event, not the guest.
    audit::record(&mut tx, now, Actor::without_device(host), AuditEvent::GuestErased, &title).await?;
    tx.commit().await?;
    dev_outbox::remove(backend, &written).await?;
    backend.live.changed(event);
    Ok(())
}
