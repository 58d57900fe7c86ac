//! Seats: an event's free seats, counted under a lock.

use sqlx::PgConnection;

use crate::{
    error::Result,
    ids::{EventId, UserId},
    problem::{Conflict, Problem},
};

/// The free seats of an event, locked until the transaction ends.
#[must_use]
pub struct Seats {
    /// `None`: no limit.
    left: Option<i64>,
}

impl Seats {
    /// Checks that `heads` more people fit. Fewer always do.
    pub fn take(&self, heads: i32) -> Result<(), Problem> {
        match self.left {
            Some(left) if heads > 0 && i64::from(heads) > left => {
                Err(Problem::Conflict(Conflict::EventFull { left: left.max(0) as u32 }))
            }
            _ => Ok(()),
        }
    }
}

/// Counts an event's free seats and locks the event until `tx` ends, as everything that takes seats does first. An event
/// without a capacity is not locked.
pub async fn lock_seats(tx: &mut PgConnection, host: UserId, event: EventId) -> Result<Seats> {
    let capacity = sqlx::query_scalar!(
        r#"
        select capacity as "capacity!" from events
        where host_id = $1 and id = $2 and capacity is not null
        for no key update
        "#,
        host.0,
        event.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(capacity) = capacity else { return Ok(Seats { left: None }) };
    let taken = sqlx::query_scalar!(
        r#"
        select coalesce(sum(r.heads), 0) as "taken!" from rsvps r
        join guests g on g.host_id = r.host_id and g.id = r.guest_id
        where r.host_id = $1 and r.event_id = $2 and r.answer = 'attending' and g.deleted_at is null
        "#,
        host.0,
        event.0,
    )
    .fetch_one(tx)
    .await?;
    Ok(Seats { left: Some(i64::from(capacity) - taken) })
}
