//! Saves a guest's RSVP within the event's capacity.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Answer, AnswerForm, Rsvp};
use crate::{
    actors::Guest,
    backend::Backend,
    error::Result,
    events,
    guests::status::GuestTx,
    notifications::{
        Channel, GuestMessage,
        outbox::{self, GuestNotifications},
    },
    problem::{Conflict, FieldError, Fields, Problem},
};

/// Saves a guest's RSVP: takes the seats, keeps the history and enqueues a confirmation, in one transaction. The same
/// RSVP again changes nothing.
pub async fn answer(backend: &Backend, guest: &Guest, form: &AnswerForm) -> Result<()> {
    let event = events::queries::event_of(&backend.db, guest.host(), guest.event()).await?;
    let mut tx = GuestTx::begin(&backend.db).await?;
    let seats = events::seats::lock_seats(&mut tx, guest.host(), guest.event()).await?;
    let row = sqlx::query!(
        r#"
        select g.party_size, g.email, r.answer as "answer?: Answer", r.heads as "heads?",
            r.companions as "companions?", r.message as "message?"
        from guests g
        left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
        where g.host_id = $1 and g.id = $2 and g.deleted_at is null and g.erased_at is null
        for no key update of g
        "#,
        guest.host().0,
        guest.id().0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    // Read under the locks, so that whatever is stored later has a later time.
    let now = backend.clock.now();
    if event.cancelled_at.is_some() {
        return Err(Problem::Conflict(Conflict::EventCancelled).into());
    }
    if !event.takes_answers(now) {
        return Err(Problem::Conflict(Conflict::RsvpsClosed).into());
    }
    let row = row.ok_or(Problem::NotFound)?;
    let before = Rsvp::of(row.answer, row.heads, row.companions, row.message);
    let new = form.parse(row.party_size)?;
    if before.as_ref() == Some(&new) {
        return Ok(());
    }
    seats.take(seats_of(Some(&new)) - seats_of(before.as_ref()))?;
    write(&mut tx, guest, &new, now).await?;
    if let Some(address) = row.email {
        let recipient = [(guest.id(), address)];
        let notifications = GuestNotifications {
            host: guest.host(),
            event: guest.event(),
            message: GuestMessage::Confirmation,
            channel: Channel::Email,
            recipients: &recipient,
        };
        outbox::enqueue(&mut tx, &backend.secrets, now, notifications).await?;
    }
    tx.commit().await?;
    backend.live.changed(guest.event());
    Ok(())
}

impl AnswerForm {
    /// The valid RSVP of a party of at most `limit`, or all errors of the form.
    fn parse(&self, limit: i32) -> Result<Rsvp, Problem> {
        let mut fields = Fields::default();
        let answer = self.answer.parse::<Answer>().ok();
        if answer.is_none() {
            fields.error("answer", if self.answer.is_empty() { FieldError::Required } else { FieldError::NotAChoice });
        }
        let heads = match answer {
            Some(Answer::Declined) => 0,
            _ => fields.number("heads", &self.heads, 1, limit.unsigned_abs()).unwrap_or(1),
        };
        let companions = self
            .companions
            .iter()
            .take(heads.saturating_sub(1) as usize)
            .map(|name| fields.optional_line("companions", name, 120))
            .filter(|name| !name.is_empty())
            .collect();
        let message = fields.optional("message", &self.message, 1000);
        fields.finish(Rsvp { answer: answer.unwrap_or(Answer::Declined), heads: heads as i32, companions, message })
    }
}

fn seats_of(rsvp: Option<&Rsvp>) -> i32 {
    rsvp.filter(|rsvp| rsvp.answer == Answer::Attending).map_or(0, |rsvp| rsvp.heads)
}

async fn write(tx: &mut GuestTx, guest: &Guest, new: &Rsvp, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "with change as (
            insert into rsvp_history (host_id, event_id, guest_id, id, answer, heads, companions, message, changed_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        )
        insert into rsvps (host_id, event_id, guest_id, answer, heads, companions, message, answered_at, changed_at)
        values ($1, $2, $3, $5, $6, $7, $8, $9, $9)
        on conflict (host_id, guest_id) do update set answer = excluded.answer, heads = excluded.heads,
            companions = excluded.companions, message = excluded.message, changed_at = excluded.changed_at",
        guest.host().0,
        guest.event().0,
        guest.id().0,
        Uuid::now_v7(),
        new.answer as Answer,
        new.heads,
        &new.companions,
        new.message,
        now,
    )
    .execute(&mut **tx)
    .await?;
    tx.touch(guest.host(), &[guest.id()]);
    Ok(())
}
