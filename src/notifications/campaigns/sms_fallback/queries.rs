//! SMS fallback of one event, shaped for its page.

use super::{Segments, segments};
use crate::{
    actors::Host,
    backend::Backend,
    error::Result,
    events::{self, Event},
    ids::EventId,
    notifications::templates,
};

/// When text messages follow, and what they could cost.
#[derive(Clone, Debug)]
pub struct SmsFallback {
    pub event: Event,
    pub after_bounce: bool,
    pub days: Option<i32>,
    /// Whether a provider for text messages is configured.
    pub possible: bool,
    /// Invited guests with email and phone who have not replied: the most texts that could be sent.
    pub most: i64,
    /// An example of the text.
    pub sample: String,
    pub segments: Segments,
}

/// The SMS fallback of an event.
pub async fn sms_fallback(backend: &Backend, host: &Host, event: EventId) -> Result<SmsFallback> {
    let details = events::queries::event(&backend.db, host, event).await?;
    let row = sqlx::query!(
        r#"
        select sms_after_bounce, sms_after_days, (select count(*) from guests g
            join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
            left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
            where g.host_id = $1 and g.event_id = $2 and g.deleted_at is null and g.email is not null
                and g.phone is not null and r.answer is null) as "most!"
        from events where host_id = $1 and id = $2
        "#,
        host.id().0,
        event.0,
    )
    .fetch_one(&backend.db)
    .await?;
    let sample = templates::sms_text(host.name(), &details.title, &backend.links.invitation(&"x".repeat(43)));
    Ok(SmsFallback {
        after_bounce: row.sms_after_bounce,
        days: row.sms_after_days,
        possible: backend.transports.sms().is_some(),
        most: row.most,
        segments: segments(&sample),
        sample,
        event: details,
    })
}
