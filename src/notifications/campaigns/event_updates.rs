//! Event updates: notifies guests of a changed or cancelled event, when the host asks for it.

use strum::VariantArray;

use crate::{
    actors::Host,
    audit::{self, AuditEvent},
    backend::Backend,
    error::Result,
    events::{self, Event},
    guests::status::GuestTx,
    ids::{EventId, GuestId},
    notifications::{
        Channel, GuestMessage,
        outbox::{self, GuestNotifications},
        suppressions::{self, Reason},
    },
    problem::{Conflict, Problem},
};

/// Guests with a link who have not declined, by how an update reaches them.
#[derive(Clone, Debug)]
pub struct UpdateAudience {
    pub event: Event,
    /// Get an email with the event as it is now, and a calendar file that moves their entry.
    pub by_email: i64,
    pub without_email: i64,
    pub suppressed: i64,
}

/// Who would be notified.
pub async fn audience(backend: &Backend, host: &Host, event: EventId) -> Result<UpdateAudience> {
    let details = events::queries::event(&backend.db, host, event).await?;
    let mut db = backend.db.acquire().await?;
    let suppressed = suppressions::suppressed_by_hash(
        &mut db,
        &backend.secrets,
        host.id(),
        event,
        &[Channel::Email],
        Reason::VARIANTS,
    )
    .await?;
    let count = sqlx::query!(
        r#"
        select count(*) filter (where g.email is not null and not x.stopped) as "by_email!",
            count(*) filter (where g.email is null) as "without_email!", count(*) filter (where x.stopped) as "suppressed!"
        from guests g
        join guest_status s on s.host_id = g.host_id and s.event_id = g.event_id and s.guest_id = g.id
        join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
        cross join lateral (select g.id = any ($3) or exists (select from suppressions_of($1, lower(g.email), null)) as stopped) x
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and s.status <> 'declined'
        "#,
        host.id().0,
        event.0,
        &suppressed as &[GuestId],
    )
    .fetch_one(&mut *db)
    .await?;
    Ok(UpdateAudience {
        event: details,
        by_email: count.by_email,
        without_email: count.without_email,
        suppressed: count.suppressed,
    })
}

/// Sends the event as it is now to every guest with a link who has not declined. Returns the number of emails.
pub async fn notify_guests(backend: &Backend, host: &Host, event: EventId) -> Result<usize> {
    let details = events::queries::event(&backend.db, host, event).await?;
    if !host.is_verified() {
        return Err(Problem::Conflict(Conflict::Unverified).into());
    }
    let message =
        if details.cancelled_at.is_some() { GuestMessage::EventCancelled } else { GuestMessage::EventChanged };
    let now = backend.clock.now();
    let mut tx = GuestTx::begin(&backend.db).await?;
    // Locks the status too: PostgreSQL then checks it again once a reply that was being saved has committed.
    let guests = sqlx::query!(
        r#"
        select g.id as "id: GuestId", g.email as "email!" from guests g
        join guest_status s on s.host_id = g.host_id and s.event_id = g.event_id and s.guest_id = g.id
        where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and s.status <> 'declined'
            and g.email is not null and exists (select from invitations i
                where i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null)
        order by g.id
        for no key update of g, s
        "#,
        host.id().0,
        event.0,
    )
    .fetch_all(&mut *tx)
    .await?;
    let recipients: Vec<_> = guests.into_iter().map(|guest| (guest.id, guest.email)).collect();
    let notifications =
        GuestNotifications { host: host.id(), event, message, channel: Channel::Email, recipients: &recipients };
    let sent = outbox::enqueue(&mut tx, &backend.secrets, now, notifications).await?;
    audit::record(&mut tx, now, host.actor(), AuditEvent::GuestsNotified, &sent.to_string()).await?;
    tx.commit().await?;
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::{
        rsvp::{self, AnswerForm},
        testing,
    };

    #[sqlx::test]
    async fn a_guest_who_declines_while_an_update_is_sent_gets_none(db: PgPool) {
        let (backend, host, event) = testing::planned(db, testing::event_form()).await;
        let id = testing::guest(&backend, &host, event, "Ada", "ada@example.org").await;
        let (guest, _) = testing::invite(&backend, &host, event, id).await;
        // Keeps the reply between its lock on the guest and its commit.
        let mut held = backend.db.begin().await.unwrap();
        sqlx::query("select from guest_status for update").execute(&mut *held).await.unwrap();
        let form = AnswerForm { answer: "declined".into(), ..AnswerForm::default() };
        let (replied, sent, ()) = tokio::join!(
            rsvp::actions::answer(&backend, &guest, &form),
            async {
                waiting(&backend.db, 1).await;
                notify_guests(&backend, &host, event).await
            },
            async {
                waiting(&backend.db, 2).await;
                held.rollback().await.unwrap();
            },
        );
        replied.unwrap();
        assert_eq!(sent.unwrap(), 0);
    }

    /// Returns once as many transactions wait for a lock.
    async fn waiting(db: &PgPool, transactions: i64) {
        let waiting = "select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(db).await.unwrap() < transactions {
            tokio::task::yield_now().await;
        }
    }
}
