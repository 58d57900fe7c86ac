//! Reminder rules and who they would reach.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use strum::VariantArray;

use super::{Anchor, ReminderForm, ReminderRule};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    events::{self, Event},
    ids::{EventId, GuestId, ReminderId, UserId},
    notifications::{
        Channel,
        suppressions::{self, Reason},
        templates::ReminderAudience,
    },
    problem::{FieldError, invalid},
};

/// Nobody is reminded twice within this time.
const MIN_INTERVAL: TimeDelta = TimeDelta::hours(20);

/// A rule and what it would do now.
#[derive(Clone, Debug)]
pub struct ReminderPlan {
    /// `None`: not saved yet.
    pub id: Option<ReminderId>,
    pub rule: ReminderRule,
    pub enabled: bool,
    /// `None`: the event has no such date.
    pub due: Option<DateTime<Utc>>,
    pub sent: bool,
    pub recipients: Vec<ReminderRecipient>,
}

#[derive(Clone, Debug)]
pub struct ReminderRecipient {
    pub id: GuestId,
    pub name: String,
    pub email: String,
}

/// A row of `reminder_rules`.
pub struct StoredRule {
    pub id: ReminderId,
    pub anchor: Anchor,
    pub days: i32,
    pub hour: i32,
    pub audience: ReminderAudience,
    pub enabled: bool,
    /// The due time for which it was sent; if the event moves, it is due again.
    pub sent_for: Option<DateTime<Utc>>,
}

impl StoredRule {
    pub fn rule(&self) -> ReminderRule {
        let (days, hour) = (self.days.unsigned_abs(), self.hour.unsigned_abs());
        ReminderRule { anchor: self.anchor, days, hour, audience: self.audience }
    }
}

/// The rules of an event with what they would do, the next one first.
pub async fn rules(backend: &Backend, host: &Host, event: EventId) -> Result<(Event, Vec<ReminderPlan>)> {
    let now = backend.clock.now();
    let details = events::queries::event(&backend.db, host, event).await?;
    let stored = sqlx::query_as!(
        StoredRule,
        r#"
        select id as "id: ReminderId", anchor as "anchor: Anchor", days, hour, audience as "audience: ReminderAudience",
            enabled, sent_for
        from reminder_rules where host_id = $1 and event_id = $2
        "#,
        host.id().0,
        event.0,
    )
    .fetch_all(&backend.db)
    .await?;
    let mut db = backend.db.acquire().await?;
    let mut plans = Vec::new();
    for stored in stored {
        let due = stored.rule().due(&details);
        plans.push(ReminderPlan {
            id: Some(stored.id),
            rule: stored.rule(),
            enabled: stored.enabled,
            due,
            sent: due.is_some() && stored.sent_for == due,
            recipients: recipients(&mut db, backend, now, host.id(), event, stored.audience).await?,
        });
    }
    plans.sort_by_key(|plan| (plan.sent, plan.due));
    Ok((details, plans))
}

/// What a rule would do, before it is saved.
///
/// # Errors
/// `Invalid` for faults of the form, for a time in the past and for a date that the event does not have.
pub async fn plan(backend: &Backend, host: &Host, event: EventId, form: &ReminderForm) -> Result<ReminderPlan> {
    let now = backend.clock.now();
    let rule = form.parse()?;
    let details = events::queries::event(&backend.db, host, event).await?;
    let due = rule.due(&details).ok_or_else(|| invalid("anchor", FieldError::NoSuchDay))?;
    if due <= now {
        return Err(invalid("days", FieldError::InThePast).into());
    }
    let recipients =
        recipients(&mut *backend.db.acquire().await?, backend, now, host.id(), event, rule.audience).await?;
    Ok(ReminderPlan { id: None, rule, enabled: true, due: Some(due), sent: false, recipients })
}

/// Who would get a reminder now: invited guests with an email address that is not suppressed, and who were not reminded
/// within a day.
pub async fn recipients(
    db: &mut PgConnection,
    backend: &Backend,
    now: DateTime<Utc>,
    host: UserId,
    event: EventId,
    audience: ReminderAudience,
) -> Result<Vec<ReminderRecipient>> {
    let suppressed =
        suppressions::suppressed_by_hash(db, &backend.secrets, host, event, &[Channel::Email], Reason::VARIANTS)
            .await?;
    Ok(sqlx::query_as!(
        ReminderRecipient,
        r#"
        select g.id as "id: GuestId", g.name, g.email as "email!" from guests g
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.email is not null
            and case when $3 = 'unanswered' then r.answer is null else r.answer = $3 end
            and not exists (select from suppressions_of($1, lower(g.email), null))
            and not exists (select from notifications n
                where n.host_id = $1 and n.guest_id = g.id and n.kind = 'reminder' and n.state <> 'cancelled'
                    and n.created_at > $4)
            and g.id <> all ($5)
        order by g.name_key, g.id
        "#,
        host.0,
        event.0,
        audience as ReminderAudience,
        now - MIN_INTERVAL,
        &suppressed as &[GuestId],
    )
    .fetch_all(db)
    .await?)
}
