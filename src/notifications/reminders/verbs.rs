use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike, Utc};
use sqlx::PgConnection;

use super::{Anchor, Audience, HOURS, MOST_RULES, Rule, RuleForm};
use crate::{
    auth::Host,
    backend::Backend,
    error::{OnConstraint, Result},
    events::{self, Event, times},
    fields::{Fault, invalid},
    guests,
    ids::{EventId, GuestId, ReminderId, UserId},
    notifications::{
        Channel, Kind, actions,
        suppressions::{self, Reason},
    },
    problem::{Conflict, Problem},
};

/// After this much delay a reminder no longer helps and is left out.
const TOO_LATE: TimeDelta = TimeDelta::hours(36);
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

struct Stored {
    id: ReminderId,
    anchor: Anchor,
    days: i32,
    hour: i32,
    audience: Audience,
    enabled: bool,
    sent_for: Option<DateTime<Utc>>,
}

impl Stored {
    fn rule(&self) -> Rule {
        let (days, hour) = (self.days.unsigned_abs(), self.hour.unsigned_abs());
        Rule { anchor: self.anchor, days, hour, audience: self.audience }
    }
}

impl Rule {
    /// When it goes out: by the clock of the place, whatever summer time does in between.
    pub fn due(&self, event: &Event) -> Option<DateTime<Utc>> {
        let zone = event.zone();
        let day = match self.anchor {
            Anchor::ReplyBy => event.reply_by?,
            Anchor::Start => event.starts_at.with_timezone(&zone).date_naive(),
        };
        let day = day.checked_sub_signed(TimeDelta::days(i64::from(self.days)))?;
        times::moment(NaiveDateTime::new(day, chrono::NaiveTime::from_hms_opt(self.hour, 0, 0)?), zone)
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
    let due = rule.due(&found).ok_or_else(|| invalid("anchor", Fault::NoSuchDay))?;
    if due <= backend.clock.now() {
        return Err(invalid("days", Fault::InThePast).into());
    }
    let recipients = recipients(&mut *backend.db.acquire().await?, backend, host.id(), event, rule.audience).await?;
    Ok(Plan { id: None, rule, enabled: true, due: Some(due), sent: false, recipients })
}

/// Adds a rule.
pub async fn add(backend: &Backend, host: &Host, event: EventId, form: &RuleForm) -> Result<()> {
    let rule = plan(backend, host, event, form).await?.rule;
    let mut tx = backend.db.begin().await?;
    events::actions::hold(&mut tx, host, event).await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from reminder_rules where host_id = $1 and event_id = $2"#,
        host.id().0,
        event.0,
    )
    .fetch_one(&mut *tx)
    .await?;
    if count >= MOST_RULES {
        return Err(Problem::Conflict(Conflict::TooManyAtOnce { max: MOST_RULES.unsigned_abs() as u32 }).into());
    }
    sqlx::query!(
        "insert into reminder_rules (host_id, event_id, id, anchor, days, hour, audience) values ($1, $2, $3, $4, $5, $6, $7)",
        host.id().0,
        event.0,
        ReminderId::new().0,
        rule.anchor.key(),
        rule.days.cast_signed(),
        rule.hour.cast_signed(),
        rule.audience.key(),
    )
    .execute(&mut *tx)
    .await
    .on_constraint("reminder_rules_key", invalid("days", Fault::Repeated))?;
    tx.commit().await?;
    Ok(())
}

/// Turns a rule on or off.
pub async fn switch(backend: &Backend, host: &Host, event: EventId, id: ReminderId, enabled: bool) -> Result<()> {
    let changed = sqlx::query!(
        "update reminder_rules set enabled = $4 where host_id = $1 and event_id = $2 and id = $3",
        host.id().0,
        event.0,
        id.0,
        enabled,
    )
    .execute(&backend.db)
    .await?
    .rows_affected();
    if changed == 0 { Err(Problem::NotFound.into()) } else { Ok(()) }
}

/// Takes a rule away. What it sent stays in the history.
pub async fn remove(backend: &Backend, host: &Host, event: EventId, id: ReminderId) -> Result<()> {
    let mut tx = backend.db.begin().await?;
    sqlx::query!(
        "update notifications set reminder_id = null,
            state = case when state = 'queued' then 'cancelled' else state end
        where host_id = $1 and reminder_id = $2 and event_id = $3",
        host.id().0,
        id.0,
        event.0,
    )
    .execute(&mut *tx)
    .await?;
    let removed = sqlx::query!(
        "delete from reminder_rules where host_id = $1 and event_id = $2 and id = $3",
        host.id().0,
        event.0,
        id.0,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if removed == 0 {
        return Err(Problem::NotFound.into());
    }
    tx.commit().await?;
    Ok(())
}

/// Who would get a reminder now: invited, reachable by mail, not suppressed, and not reminded within a day.
async fn recipients(
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
