use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{Anchor, Audience, Rule, RuleForm};
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    events::{self, Event},
    ids::{EventId, GuestId, ReminderId, UserId},
    notifications::{
        Channel,
        suppressions::{self, Reason},
    },
    problem::{FieldError, invalid},
};

/// Nobody is reminded twice within this time.
const A_DAY: TimeDelta = TimeDelta::hours(20);

/// A rule that stands, and what it would do.
#[derive(Clone, Debug)]
pub struct Plan {
    pub id: Option<ReminderId>,
    pub rule: Rule,
    pub enabled: bool,
    /// `None`: the event has no such day.
    pub due: Option<DateTime<Utc>>,
    /// Whether it went out.
    pub sent: bool,
    /// Who would get it, as things stand now.
    pub recipients: Vec<Recipient>,
}

/// Somebody who would be reminded.
#[derive(Clone, Debug)]
pub struct Recipient {
    pub id: GuestId,
    pub name: String,
    pub email: String,
}

/// A rule as it is kept.
pub struct Stored {
    pub id: ReminderId,
    pub anchor: Anchor,
    pub days: i32,
    pub hour: i32,
    pub audience: Audience,
    pub enabled: bool,
    pub sent_for: Option<DateTime<Utc>>,
}

impl Stored {
    pub fn rule(&self) -> Rule {
        let (days, hour) = (self.days.unsigned_abs(), self.hour.unsigned_abs());
        Rule { anchor: self.anchor, days, hour, audience: self.audience }
    }
}

/// The rules of an event with what they would do, the next one first.
pub async fn rules(backend: &Backend, host: &Host, event: EventId) -> Result<(Event, Vec<Plan>)> {
    let found = events::queries::event(&backend.db, host, event).await?;
    let mut plans = Vec::new();
    for stored in stored(backend, host.id(), event).await? {
        let due = stored.rule().due(&found);
        plans.push(Plan {
            id: Some(stored.id),
            rule: stored.rule(),
            enabled: stored.enabled,
            due,
            sent: due.is_some() && stored.sent_for == due,
            recipients: recipients(&mut *backend.db.acquire().await?, backend, host.id(), event, stored.audience)
                .await?,
        });
    }
    plans.sort_by_key(|plan| (plan.sent, plan.due));
    Ok((found, plans))
}

async fn stored(backend: &Backend, host: UserId, event: EventId) -> Result<Vec<Stored>> {
    Ok(sqlx::query_as!(
        Stored,
        r#"
        select id as "id: ReminderId", anchor as "anchor: Anchor", days, hour, audience as "audience: Audience", enabled,
            sent_for
        from reminder_rules where host_id = $1 and event_id = $2
        "#,
        host.0,
        event.0,
    )
    .fetch_all(&backend.db)
    .await?)
}

/// What a rule would do, before it stands.
///
/// # Errors
/// `Invalid` for what is wrong with it, also for a time that is over and a day that the event does not have.
pub async fn plan(backend: &Backend, host: &Host, event: EventId, form: &RuleForm) -> Result<Plan> {
    let rule = form.parse()?;
    let found = events::queries::event(&backend.db, host, event).await?;
    let due = rule.due(&found).ok_or_else(|| invalid("anchor", FieldError::NoSuchDay))?;
    if due <= backend.clock.now() {
        return Err(invalid("days", FieldError::InThePast).into());
    }
    let recipients = recipients(&mut *backend.db.acquire().await?, backend, host.id(), event, rule.audience).await?;
    Ok(Plan { id: None, rule, enabled: true, due: Some(due), sent: false, recipients })
}

/// Who would get a reminder now: invited, reachable by mail, not suppressed, and not reminded within a day.
pub async fn recipients(
    db: &mut PgConnection,
    backend: &Backend,
    host: UserId,
    event: EventId,
    audience: Audience,
) -> Result<Vec<Recipient>> {
    let stopped =
        suppressions::stopped_by_hash(db, &backend.secrets, host, event, &[Channel::Email], &Reason::ALL).await?;
    Ok(sqlx::query_as!(
        Recipient,
        r#"
        select g.id as "id: GuestId", g.name, g.email as "email!" from guests g
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.email is not null
            and case when $3 = 'unanswered' then r.answer is null else r.answer = $3 end
            and not exists (select from suppressions s
                where s.address = lower(g.email) and (s.host_id is null or s.host_id = $1))
            and not exists (select from notifications n
                where n.host_id = $1 and n.guest_id = g.id and n.kind = 'reminder' and n.state <> 'cancelled'
                    and n.created_at > $4)
            and g.id <> all ($5)
        order by g.name_key, g.id
        "#,
        host.0,
        event.0,
        audience.key(),
        backend.clock.now() - A_DAY,
        &stopped as &[GuestId],
    )
    .fetch_all(db)
    .await?)
}
