//! Sends the text messages that are due.

use chrono::{DateTime, Timelike, Utc};
use strum::VariantArray;

use super::{MAX_DAYS, SmsFallbackForm};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    events,
    guests::status::GuestTx,
    ids::{EventId, GuestId, UserId},
    notifications::{
        Channel, GuestMessage,
        campaigns::SENDING_HOURS,
        outbox::{self, GuestNotifications},
        suppressions::{self, Reason},
    },
    problem::{Fields, Problem},
};

/// Sets when a text message follows an email.
pub async fn set(backend: &Backend, host: &Host, event: EventId, form: &SmsFallbackForm) -> Result<()> {
    let mut fields = Fields::default();
    let days = fields.number("days", &form.days, 1, MAX_DAYS).filter(|_| form.after_days);
    let days = fields.finish(days)?.map(u32::cast_signed);
    let changed = sqlx::query!(
        "update events set sms_after_bounce = $3, sms_after_days = $4 where host_id = $1 and id = $2",
        host.id().0,
        event.0,
        form.after_bounce,
        days,
    )
    .execute(&backend.db)
    .await?
    .rows_affected();
    if changed == 0 { Err(Problem::NotFound.into()) } else { Ok(()) }
}

/// Enqueues text messages to guests whom email did not reach, by day; returns how many. Each guest gets at most one, and
/// none after a reply or an unsubscription. Run every few minutes by the schedule.
pub async fn send_due(backend: &Backend) -> Result<usize> {
    if backend.transports.sms().is_none() {
        return Ok(0);
    }
    let now = backend.clock.now();
    let events = sqlx::query!(
        r#"
        select host_id as "host: UserId", id as "id: EventId" from events
        where (sms_after_bounce or sms_after_days is not null) and cancelled_at is null and starts_at > $1
        "#,
        now,
    )
    .fetch_all(&backend.db)
    .await?;
    let mut sent = 0;
    for event in events {
        sent += send(backend, now, event.host, event.id).await?;
    }
    Ok(sent)
}

/// Who wants no email gets no text message instead.
const OPTED_OUT: [Reason; 3] = [Reason::Unsubscribed, Reason::Complaint, Reason::Erased];

async fn send(backend: &Backend, now: DateTime<Utc>, host: UserId, event: EventId) -> Result<usize> {
    let details = events::queries::event_of(&backend.db, host, event).await?;
    if !SENDING_HOURS.contains(&now.with_timezone(&details.zone()).hour()) {
        return Ok(0);
    }
    let mut tx = GuestTx::begin(&backend.db).await?;
    let suppressed =
        suppressions::suppressed_by_hash(&mut tx, &backend.secrets, host, event, Channel::VARIANTS, &OPTED_OUT).await?;
    let guests = sqlx::query!(
        r#"
        select g.id as "id: GuestId", g.phone as "phone!" from guests g
        join events e on e.host_id = g.host_id and e.id = g.event_id
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        join notifications n on n.host_id = g.host_id and n.guest_id = g.id and n.kind = 'invitation' and n.latest
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.phone is not null and n.channel = 'email'
            and not exists (select from rsvps r where r.host_id = g.host_id and r.guest_id = g.id)
            and (e.sms_after_bounce and (n.state in ('bounced', 'failed')
                    or n.state = 'suppressed' and n.last_error in ('hard-bounce', 'soft-bounces'))
                or e.sms_after_days is not null and n.state in ('sent', 'delivered') and i.first_opened_at is null
                    and n.sent_at < $3::timestamptz - make_interval(days => e.sms_after_days))
            and not exists (select from unnest(array[lower(g.email), g.phone]) as a (address)
                cross join lateral suppressions_of($1, a.address, null) s where s.reason in ('unsubscribed', 'complaint'))
            and g.id <> all ($4)
        order by g.id
        for no key update of g skip locked
        "#,
        host.0,
        event.0,
        now,
        &suppressed as &[GuestId],
    )
    .fetch_all(&mut *tx)
    .await?;
    let recipients: Vec<_> = guests.into_iter().map(|guest| (guest.id, guest.phone)).collect();
    let notifications = GuestNotifications {
        host,
        event,
        message: GuestMessage::Invitation,
        channel: Channel::Sms,
        recipients: &recipients,
    };
    let sent = outbox::enqueue(&mut tx, &backend.secrets, now, notifications).await?;
    tx.commit().await?;
    Ok(sent)
}
