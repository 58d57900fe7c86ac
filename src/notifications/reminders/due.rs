use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};

use super::{
    Anchor, Audience, HOURS, Rule,
    queries::{Stored, recipients},
};
use crate::{
    backend::Backend,
    error::Result,
    events::{self, Event, times},
    guests,
    ids::{EventId, ReminderId, UserId},
    notifications::{Channel, Kind, actions},
};

/// After this much delay a reminder no longer helps and is left out.
const TOO_LATE: TimeDelta = TimeDelta::hours(36);

impl Rule {
    /// When it goes out: by the clock of the place, whatever summer time does in between.
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

/// Puts the reminders whose time has come into the outbox; returns how many. Run every few minutes by the schedule.
pub async fn send_due(backend: &Backend) -> Result<usize> {
    let now = backend.clock.now();
    let waiting = sqlx::query!(
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
    for row in waiting {
        sent += send(backend, row.host, row.event, row.id).await?;
    }
    Ok(sent)
}

/// Sends one rule's reminders if it is their time; the rule is held, so that two schedules do not both.
async fn send(backend: &Backend, host: UserId, event: EventId, id: ReminderId) -> Result<usize> {
    let now = backend.clock.now();
    let found = events::queries::event_of(&backend.db, host, event).await?;
    let mut tx = backend.db.begin().await?;
    let stored = sqlx::query_as!(
        Stored,
        r#"
        select id as "id: ReminderId", anchor as "anchor: Anchor", days, hour, audience as "audience: Audience", enabled,
            sent_for
        from reminder_rules where host_id = $1 and id = $2 and enabled for no key update skip locked
        "#,
        host.0,
        id.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(stored) = stored else { return Ok(0) };
    let Some(due) = stored.rule().due(&found).filter(|due| *due <= now && stored.sent_for != Some(*due)) else {
        return Ok(0);
    };
    let awake = HOURS.contains(&now.with_timezone(&found.zone()).hour());
    if !awake && now - due < TOO_LATE {
        return Ok(0);
    }
    let mut count = 0;
    if awake && now - due < TOO_LATE {
        let found = recipients(&mut tx, backend, host, event, stored.audience).await?;
        let ids: Vec<_> = found.iter().map(|guest| guest.id).collect();
        guests::standing::hold(&mut tx, host, &ids).await?;
        // Again, now that nobody can be erased or corrected any more.
        let recipients: Vec<_> = recipients(&mut tx, backend, host, event, stored.audience)
            .await?
            .into_iter()
            .filter(|guest| ids.contains(&guest.id))
            .map(|guest| (guest.id, guest.email))
            .collect();
        count = actions::enqueue(&mut tx, backend, host, event, Kind::Reminder, Channel::Email, &recipients).await?;
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
