use super::{FIRST_TEXT, Values, Who, fill};
use crate::{
    auth::Host,
    backend::Backend,
    error::Result,
    events::{self, Event},
    ids::{EventId, GuestId, InvitationId},
    phone,
};

/// One guest on the way through those to whom links are handed over.
#[derive(Clone, Debug)]
pub struct Step {
    pub event: Event,
    pub who: Who,
    /// `None`: everybody has been dealt with, or nobody is to be.
    pub guest: Option<Turn>,
    /// The first of those who were skipped.
    pub first_skipped: Option<GuestId>,
    /// Links to hand over, those that were sent, and those that were skipped.
    pub total: i64,
    pub sent: i64,
    pub skipped: i64,
    /// Guests of this kind who have no link yet.
    pub without_link: i64,
    /// The words, with placeholders.
    pub text: String,
}

/// The guest whose turn it is.
#[derive(Clone, Debug)]
pub struct Turn {
    pub id: GuestId,
    pub name: String,
    pub phone: Option<String>,
    /// What is wrong with the number, if it is no number that is likely to exist.
    pub wrong: Option<phone::Wrong>,
    pub link: String,
    /// The message, filled in.
    pub message: String,
    /// Their place in the row, from 1, and the guests before and after them.
    pub place: i64,
    pub previous: Option<GuestId>,
    pub next: Option<GuestId>,
    /// How it was dealt with before: `sent` or `skipped`.
    pub outcome: Option<String>,
}

struct Row {
    guest: GuestId,
    invitation: InvitationId,
    outcome: Option<String>,
}

/// The step for `guest`, or for the first who has not been dealt with.
pub async fn step(backend: &Backend, host: &Host, event: EventId, who: Who, guest: Option<GuestId>) -> Result<Step> {
    let found = events::queries::event(&backend.db, host, event).await?;
    let text = events::queries::manual_delivery_text(&backend.db, host, event).await?;
    let text = if text.is_empty() { FIRST_TEXT.to_owned() } else { text };
    let rows = rows(backend, host, event, who).await?;
    let without_link = without_link(backend, host, event, who).await?;
    let count = |outcome: &str| rows.iter().filter(|row| row.outcome.as_deref() == Some(outcome)).count() as i64;
    // Somebody who answered meanwhile is no longer among them.
    let asked = guest.and_then(|guest| rows.iter().position(|row| row.guest == guest));
    let at = asked.or_else(|| rows.iter().position(|row| row.outcome.is_none()));
    let turn = match at {
        Some(at) => Some(turn(backend, host, &found, &text, &rows, at).await?),
        None => None,
    };
    let skipped = rows.iter().find(|row| row.outcome.as_deref() == Some("skipped"));
    Ok(Step {
        first_skipped: skipped.map(|row| row.guest),
        who,
        guest: turn,
        total: rows.len() as i64,
        sent: count("sent"),
        skipped: count("skipped"),
        without_link,
        text,
        event: found,
    })
}

async fn turn(backend: &Backend, host: &Host, event: &Event, text: &str, rows: &[Row], at: usize) -> Result<Turn> {
    let row = &rows[at];
    let found = sqlx::query!(
        r#"
        select g.name, g.phone, i.token_sealed as "sealed!" from guests g
        join invitations i on i.host_id = g.host_id and i.id = $3
        where g.host_id = $1 and g.id = $2
        "#,
        host.id().0,
        row.guest.0,
        row.invitation.0,
    )
    .fetch_one(&backend.db)
    .await?;
    let link = backend.links.invitation(&backend.secrets.open(&found.sealed, row.invitation.0)?);
    let date = event.when();
    let values = Values { guest: &found.name, event: &event.title, date: &date, host: host.name(), link: &link };
    let message = fill(text, values);
    Ok(Turn {
        id: row.guest,
        wrong: found.phone.as_deref().and_then(|number| phone::parse(number, None).err()),
        name: found.name,
        phone: found.phone,
        link,
        message,
        place: at as i64 + 1,
        previous: at.checked_sub(1).map(|before| rows[before].guest),
        next: rows.get(at + 1).map(|row| row.guest),
        outcome: row.outcome.clone(),
    })
}

/// Links to hand over, in the order of names. Whoever answered has theirs, unless it was replaced since.
async fn rows(backend: &Backend, host: &Host, event: EventId, who: Who) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"
        select g.id as "guest: GuestId", i.id as "invitation: InvitationId", h.outcome as "outcome?"
        from guests g
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        left join manual_deliveries h on h.host_id = g.host_id and h.invitation_id = i.id
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.erased_at is null
            and case when $3 then g.phone is not null else g.email is null end
            and (g.status not in ('attending', 'maybe', 'declined') or h.outcome is not null
                or exists (select from rsvps a
                    where a.host_id = g.host_id and a.guest_id = g.id and a.changed_at < i.issued_at))
        order by g.name_key, g.id
        "#,
        host.id().0,
        event.0,
        who == Who::Phone,
    )
    .fetch_all(&backend.db)
    .await?)
}

async fn without_link(backend: &Backend, host: &Host, event: EventId, who: Who) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from guests g
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.erased_at is null
            and g.status = 'not-invited'
            and case when $3 then g.phone is not null else g.email is null end
        "#,
        host.id().0,
        event.0,
        who == Who::Phone,
    )
    .fetch_one(&backend.db)
    .await?)
}
