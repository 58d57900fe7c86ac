//! Invariants: the guarantees, and proof that a violation of each would be noticed.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use guestguard::ids::EventId;
use sqlx::{Connection, PgConnection};
use testkit::fake_smtp::AcceptedEmail;
use uuid::Uuid;

use crate::fixture::Fixture;

/// The rate limit of the scenarios that test one.
pub const LIMIT: (usize, Duration) = (20, Duration::from_secs(10));
/// Longest time for which a revoked session may still pass.
pub const REVOKED: Duration = Duration::from_secs(1);

/// A guarantee that holds whatever fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    I1,
    I2,
    I3,
    I4,
    I5,
    I6,
    I7,
    I8,
}

/// Observations from outside; the rest is read from the database.
#[derive(Clone, Debug)]
pub struct Evidence {
    acknowledged: Vec<String>,
    skewed_event: Option<EventId>,
    accepted: Vec<AcceptedEmail>,
    /// Emails that may have been sent twice: a worker died, or the SMTP server accepted without a reply.
    in_doubt: usize,
    stopped: Vec<(String, Instant)>,
    passes: Vec<Instant>,
    revoked: Vec<(Duration, bool)>,
    logs: String,
    secrets: Vec<String>,
}

impl Evidence {
    pub fn of(fixture: &Fixture) -> anyhow::Result<Self> {
        let acknowledged = fixture.replies.iter().filter(|one| one.is_acknowledged());
        Ok(Self {
            acknowledged: acknowledged.map(|one| one.message.clone()).collect(),
            skewed_event: fixture.skewed_event,
            accepted: fixture.smtp.accepted(),
            in_doubt: fixture.in_doubt + fixture.smtp.unconfirmed(),
            stopped: fixture.stopped.clone(),
            passes: fixture.passes.iter().filter(|(_, passed)| *passed).map(|(at, _)| *at).collect(),
            revoked: fixture.revoked.clone(),
            logs: fixture.logs()?,
            secrets: fixture.secrets.clone(),
        })
    }
}

/// Result of a check: how much was checked, and what does not hold.
#[derive(Debug, Default)]
pub struct Found {
    pub checked: usize,
    pub violations: Vec<String>,
}

impl Invariant {
    pub const ALL: [Self; 8] = [Self::I1, Self::I2, Self::I3, Self::I4, Self::I5, Self::I6, Self::I7, Self::I8];

    pub fn guarantee(self) -> &'static str {
        match self {
            Self::I1 => "every acknowledged reply exists once, and the newest is current",
            Self::I2 => "every guest with a link and an address has a message, and every message a link",
            Self::I3 => {
                "every message marked as sent was accepted by the mail server; twice only if in flight at a crash"
            }
            Self::I4 => "nothing is sent to a person after their erasure or unsubscribe was confirmed",
            Self::I5 => "a provider event takes effect once, however often it arrives",
            Self::I6 => "no rate limit's window is exceeded, across all nodes",
            Self::I7 => "an ended session opens nothing a second later, on any node",
            Self::I8 => "no log contains a secret",
        }
    }

    /// Checks it.
    pub async fn check(self, evidence: &Evidence, db: &mut PgConnection) -> anyhow::Result<Found> {
        match self {
            Self::I1 => acknowledged(evidence, db).await,
            Self::I2 => links(db).await,
            Self::I3 => sent(evidence, db).await,
            Self::I4 => Ok(stopped(evidence)),
            Self::I5 => effects(db).await,
            Self::I6 => Ok(limits(evidence)),
            Self::I7 => Ok(revoked(evidence)),
            Self::I8 => Ok(secrets(evidence)),
        }
    }

    /// Violates it on purpose. Returns whether the check notices. Changes to the database are rolled back.
    pub async fn is_noticed(self, evidence: &Evidence, db: &mut PgConnection) -> anyhow::Result<bool> {
        let (mut evidence, mut tx) = (evidence.clone(), db.begin().await?);
        let violation = match self {
            Self::I1 => Some("delete from rsvp_history where message = (select max(message) from rsvps)"),
            Self::I2 => Some(
                "delete from notifications where id = (select id from notifications where kind = 'invitation' limit 1)",
            ),
            Self::I3 => Some(
                "update notifications set state = 'sent' where id = (select id from notifications where state = 'cancelled' limit 1)",
            ),
            Self::I5 => Some(
                "insert into delivery_events select host_id, notification_id, gen_random_uuid(), at, status, detail
                from delivery_events where status = 'delivered' limit 1",
            ),
            Self::I4 => {
                let who = evidence.stopped.first().map(|(who, _)| who.clone()).unwrap_or_default();
                evidence.accepted.push(AcceptedEmail { id: Uuid::nil(), to: who, at: Instant::now() });
                None
            }
            Self::I6 => {
                let again = evidence.passes.first().map_or_else(Vec::new, |pass| vec![*pass; LIMIT.0]);
                evidence.passes.extend(again);
                None
            }
            Self::I7 => {
                evidence.revoked.push((REVOKED * 2, true));
                None
            }
            Self::I8 => {
                evidence.logs.push_str(evidence.secrets.last().map_or("", String::as_str));
                None
            }
        };
        if let Some(violation) = violation {
            sqlx::raw_sql(violation).execute(&mut *tx).await?;
        }
        let found = self.check(&evidence, &mut tx).await?;
        tx.rollback().await?;
        Ok(!found.violations.is_empty())
    }
}

async fn acknowledged(evidence: &Evidence, db: &mut PgConnection) -> anyhow::Result<Found> {
    let stored: Vec<(String, i64)> =
        sqlx::query_as("select message, count(*) from rsvp_history where message = any ($1) group by message")
            .bind(&evidence.acknowledged)
            .fetch_all(&mut *db)
            .await?;
    let stored: HashMap<_, _> = stored.into_iter().collect();
    let mut violations: Vec<_> = evidence
        .acknowledged
        .iter()
        .filter_map(|message| match stored.get(message) {
            Some(1) => None,
            Some(times) => Some(format!("{message:?} is there {times} times")),
            None => Some(format!("{message:?} is lost")),
        })
        .collect();
    let stale: Vec<String> = sqlx::query_scalar(
        "select r.message from rsvps r where r.message is distinct from (select c.message from rsvp_history c
            where c.host_id = r.host_id and c.guest_id = r.guest_id order by c.changed_at desc, c.id desc limit 1)
            and r.event_id is distinct from $1
            and exists (select from guests g where g.host_id = r.host_id and g.id = r.guest_id and g.erased_at is null)",
    )
    .bind(evidence.skewed_event.map(|event| event.0))
    .fetch_all(db)
    .await?;
    violations.extend(stale.into_iter().map(|message| format!("{message:?} is current, but not the newest")));
    Ok(Found { checked: evidence.acknowledged.len(), violations })
}

async fn links(db: &mut PgConnection) -> anyhow::Result<Found> {
    let violations = sqlx::query_scalar(
        "select 'link ' || i.id || ' without its message' from invitations i
            join guests g on g.host_id = i.host_id and g.id = i.guest_id and g.email is not null and g.deleted_at is null
            where i.ended_at is null and not exists (select from notifications n
                where n.host_id = i.host_id and n.guest_id = i.guest_id and n.kind = 'invitation')
        union all
        select 'message ' || n.id || ' without its link' from notifications n where n.kind = 'invitation'
            and not exists (select from invitations i where i.host_id = n.host_id and i.guest_id = n.guest_id)",
    );
    let violations = violations.fetch_all(&mut *db).await?;
    let links: i64 = sqlx::query_scalar("select count(*) from invitations").fetch_one(db).await?;
    Ok(Found { checked: usize::try_from(links)?, violations })
}

async fn sent(evidence: &Evidence, db: &mut PgConnection) -> anyhow::Result<Found> {
    let sent: Vec<Uuid> =
        sqlx::query_scalar("select id from notifications where state in ('sent', 'delivered') and channel = 'email'")
            .fetch_all(db)
            .await?;
    let accepted: HashSet<_> = evidence.accepted.iter().map(|email| email.id).collect();
    let mut violations: Vec<_> = sent
        .iter()
        .filter(|id| !accepted.contains(id))
        .map(|id| format!("{id} is marked as sent, but was not accepted"))
        .collect();
    let twice = evidence.accepted.len() - accepted.len();
    if twice > evidence.in_doubt {
        violations.push(format!("{twice} emails arrived twice, at most {} are allowed", evidence.in_doubt));
    }
    Ok(Found { checked: sent.len(), violations })
}

fn stopped(evidence: &Evidence) -> Found {
    let since: HashMap<_, _> = evidence.stopped.iter().map(|(who, since)| (who.as_str(), *since)).collect();
    let late =
        evidence.accepted.iter().filter(|email| since.get(email.to.as_str()).is_some_and(|since| email.at > *since));
    Found {
        checked: since.len(),
        violations: late.map(|email| format!("{} got an email after the confirmation", email.to)).collect(),
    }
}

async fn effects(db: &mut PgConnection) -> anyhow::Result<Found> {
    let violations = sqlx::query_scalar(
        "select 'message ' || notification_id || ' was ' || status || ' ' || count(*) || ' times' from delivery_events
        where status = 'delivered' group by notification_id, status having count(*) > 1",
    );
    let violations = violations.fetch_all(&mut *db).await?;
    let events: i64 = sqlx::query_scalar("select count(*) from webhook_events").fetch_one(db).await?;
    Ok(Found { checked: usize::try_from(events)?, violations })
}

fn limits(evidence: &Evidence) -> Found {
    let (calls, window) = LIMIT;
    let mut passes = evidence.passes.clone();
    passes.sort();
    // Any run of calls that is one longer than the limit must span a window. A tolerance of a quarter of a second covers the
    // time that a call waited.
    let exceeded = passes.windows(calls + 1).filter(|some| {
        let [first, .., last] = some else { return false };
        *last - *first + Duration::from_millis(250) < window
    });
    let violations = exceeded.map(|_| format!("more than {calls} calls passed in {window:?}")).collect();
    Found { checked: passes.len(), violations }
}

fn revoked(evidence: &Evidence) -> Found {
    let late = evidence.revoked.iter().filter(|(after, passed)| *passed && *after > REVOKED);
    let violations = late.map(|(after, _)| format!("signed in {after:?} after the session ended")).collect();
    Found { checked: evidence.revoked.len(), violations }
}

fn secrets(evidence: &Evidence) -> Found {
    let leaked = evidence.secrets.iter().filter(|secret| evidence.logs.contains(secret.as_str()));
    // The secret itself is not printed.
    Found {
        checked: evidence.secrets.len(),
        violations: leaked.map(|_| "a log contains a secret".to_owned()).collect(),
    }
}
