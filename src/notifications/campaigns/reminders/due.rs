//! Sends the reminders that are due.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};

use super::{
    Anchor, ReminderRule,
    queries::{StoredRule, recipients},
};
use crate::{
    backend::Backend,
    error::Result,
    events::{self, Event, times},
    guests::status::GuestTx,
    ids::{EventId, ReminderId, UserId},
    notifications::{
        Channel, GuestMessage,
        campaigns::SENDING_HOURS,
        outbox::{self, GuestNotifications},
        templates::ReminderAudience,
    },
};

/// A reminder that is later than this no longer helps and is skipped.
const MAX_DELAY: TimeDelta = TimeDelta::hours(36);

impl ReminderRule {
    /// When it is sent, in the local time of the event, across changes of daylight saving time. `None`: the event has no such date.
    pub fn due(&self, event: &Event) -> Option<DateTime<Utc>> {
        let zone = event.zone();
        let day = match self.anchor {
            Anchor::RsvpDeadline => event.rsvp_deadline?,
            Anchor::Start => event.starts_at.with_timezone(&zone).date_naive(),
        };
        let day = day.checked_sub_signed(TimeDelta::days(i64::from(self.days)))?;
        times::moment(NaiveDateTime::new(day, chrono::NaiveTime::from_hms_opt(self.hour, 0, 0)?), zone)
    }
}

/// Enqueues the reminders that are due; returns how many. Run every few minutes by the schedule.
pub async fn send_due(backend: &Backend) -> Result<usize> {
    let now = backend.clock.now();
    let rules = sqlx::query!(
        r#"
        select r.host_id as "host: UserId", r.event_id as "event: EventId", r.id as "id: ReminderId" from reminder_rules r
        join events e on e.host_id = r.host_id and e.id = r.event_id
        where r.enabled and e.cancelled_at is null and e.starts_at > $1
        "#,
        now,
    )
    .fetch_all(&backend.db)
    .await?;
    let mut sent = 0;
    for row in rules {
        sent += send(backend, now, row.host, row.event, row.id).await?;
    }
    Ok(sent)
}

/// Enqueues one rule's reminders if they are due. The rule is locked, so that two schedulers do not both send them.
async fn send(backend: &Backend, now: DateTime<Utc>, host: UserId, event: EventId, id: ReminderId) -> Result<usize> {
    let details = events::queries::event_of(&backend.db, host, event).await?;
    let mut tx = GuestTx::begin(&backend.db).await?;
    let stored = sqlx::query_as!(
        StoredRule,
        r#"
        select id as "id: ReminderId", anchor as "anchor: Anchor", days, hour, audience as "audience: ReminderAudience", enabled,
            sent_for
        from reminder_rules where host_id = $1 and id = $2 and enabled for no key update skip locked
        "#,
        host.0,
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let daytime = SENDING_HOURS.contains(&now.with_timezone(&details.zone()).hour());
    let due = stored.and_then(|stored| {
        let due = stored.rule().due(&details)?;
        let sendable = due <= now && stored.sent_for != Some(due) && (daytime || now - due >= MAX_DELAY);
        sendable.then_some((stored.audience, due))
    });
    let Some((audience, due)) = due else {
        // Unlocks the rule now. A dropped transaction keeps it locked until its connection is used again.
        tx.commit().await?;
        return Ok(0);
    };
    let mut count = 0;
    if daytime && now - due < MAX_DELAY {
        let expected = recipients(&mut tx, backend, now, host, event, audience).await?;
        let ids: Vec<_> = expected.iter().map(|guest| guest.id).collect();
        tx.lock(host, &ids).await?;
        // Read again under the locks: somebody may have been erased or corrected meanwhile.
        let recipients: Vec<_> = recipients(&mut tx, backend, now, host, event, audience)
            .await?
            .into_iter()
            .filter(|guest| ids.contains(&guest.id))
            .map(|guest| (guest.id, guest.email))
            .collect();
        let notifications = GuestNotifications {
            host,
            event,
            message: GuestMessage::Reminder,
            channel: Channel::Email,
            recipients: &recipients,
        };
        count = outbox::enqueue(&mut tx, &backend.secrets, now, notifications).await?;
        let guests: Vec<_> = ids.iter().map(|id| id.0).collect();
        sqlx::query!(
            "update notifications set reminder_id = $3
            where host_id = $1 and guest_id = any ($2) and kind = 'reminder' and latest",
            host.0,
            &guests,
            id.0,
        )
        .execute(&mut *tx)
        .await?;
    }
    sqlx::query!("update reminder_rules set sent_for = $3 where host_id = $1 and id = $2", host.0, id.0, due)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(count)
}
