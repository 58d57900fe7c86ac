use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

use super::{News, Report, What, health};
use crate::{
    backend::Backend,
    error::Result,
    guests,
    ids::{EventId, GuestId, NotificationId, UserId},
    notifications::{
        State,
        postman::{POLICY, leave_alone, step},
        senders::{Cause, Reference, refusal},
        suppressions::{self, Reason, Scope},
    },
    secrets::Secrets,
};

/// Takes a verified report in, once: what it tells and all that follows from it, in one transaction. Told again, it
/// changes nothing; what we know no message for, or do not act on, is kept all the same.
pub async fn apply(backend: &Backend, report: &Report) -> Result<()> {
    let now = backend.clock.now();
    let mut tx = backend.db.begin().await?;
    let new = sqlx::query!(
        "insert into webhook_events (provider, key, kind, received_at, body) values ($1, left($2, 300), left($3, 200), $4, $5)
        on conflict do nothing",
        report.provider,
        report.key,
        report.kind,
        now,
        // Without addresses and words: what is to be known of them stands with the message.
        json!({ "message": report.news.as_ref().map(|news| &news.provider_id), "at": report.news.as_ref().map(|news| news.at) }),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let mut event = None;
    if new == 1
        && let Some(news) = &report.news
        && let Some(message) = find(&mut tx, report.provider, news).await?
    {
        note(&mut tx, &backend.secrets, now, report.provider, &message, news).await?;
        event = message.event;
    }
    tx.commit().await?;
    if let Some(event) = event {
        backend.live.changed(event);
    }
    Ok(())
}

/// A message that something happened to.
struct Message {
    host: UserId,
    id: NotificationId,
    event: Option<EventId>,
    guest: Option<GuestId>,
}

/// The message that news are about: by our own reference, which may be here before the provider's answer; otherwise by
/// the provider's id.
async fn find(tx: &mut PgConnection, provider: &str, news: &News) -> Result<Option<Message>> {
    let reference = news.reference;
    Ok(sqlx::query_as!(
        Message,
        r#"
        select host_id as "host: UserId", id as "id: NotificationId", event_id as "event: EventId",
            guest_id as "guest: GuestId"
        from notifications
        where (host_id = $1 and id = $2 or $1::uuid is null and provider = $3 and provider_id = $4) and recipient <> ''
        "#,
        reference.map(|Reference { host, .. }| host.0),
        reference.map(|Reference { id, .. }| id.0),
        provider,
        news.provider_id,
    )
    .fetch_optional(tx)
    .await?)
}

async fn note(
    tx: &mut PgConnection,
    secrets: &Secrets,
    now: DateTime<Utc>,
    provider: &str,
    message: &Message,
    news: &News,
) -> Result<()> {
    let guest = message.guest.as_slice();
    guests::standing::hold(tx, message.host, guest).await?;
    let held = sqlx::query!(
        r#"
        select state as "state: State", bounce_type, delivered_at, opened_at, recipient from notifications
        where host_id = $1 and id = $2 and recipient <> '' for no key update
        "#,
        message.host.0,
        message.id.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    // Whoever it went to was erased meanwhile: nothing is to be known of them any more.
    let Some(held) = held else { return Ok(()) };
    let recipient = &*held.recipient;
    let known = known(held.state, held.bounce_type.as_deref());
    let state = if Some(news.what) > known { state(news.what).unwrap_or(held.state) } else { held.state };
    let unwelcome = refusal(&news.detail) == Cause::Unwelcome;
    let arrived = matches!(news.what, What::Delivered | What::Opened);
    sqlx::query!(
        "update notifications set state = $3, state_changed_at = case when state = $3 then state_changed_at else $4 end,
            provider = coalesce(provider, $5), provider_id = coalesce(provider_id, nullif($6, '')),
            bounce_type = coalesce($7, bounce_type), last_error = coalesce(nullif(left($8, 500), ''), last_error),
            delivered_at = least(delivered_at, $9), opened_at = least(opened_at, $10),
            sent_at = case when $3 in ('queued', 'sending') then sent_at else coalesce(sent_at, $11) end,
            lease_owner = case when $3 in ('sending', 'sent') then lease_owner end,
            lease_until = case when $3 in ('sending', 'sent') then lease_until end
        where host_id = $1 and id = $2",
        message.host.0,
        message.id.0,
        state.key(),
        now,
        provider,
        news.provider_id,
        match news.what {
            What::HardBounced if unwelcome => Some(POLICY),
            What::HardBounced => Some("hard"),
            What::SoftBounced if state == State::Bounced => Some("soft"),
            _ => None,
        },
        if state_says_why(news.what) { &*news.detail } else { "" },
        arrived.then_some(news.at),
        (news.what == What::Opened).then_some(news.at),
        news.at,
    )
    .execute(&mut *tx)
    .await?;
    step(tx, message.host, message.id, news.at, news.what.key(), &news.detail).await?;
    match news.what {
        What::HardBounced | What::Failed if unwelcome => {
            leave_alone(tx, now, recipient, &news.detail).await?;
        }
        What::HardBounced => {
            suppressions::suppress(tx, secrets, now, recipient, Scope::Everybody, Reason::HardBounce).await?;
        }
        What::Complained => {
            suppressions::suppress(tx, secrets, now, recipient, Scope::Everybody, Reason::Complaint).await?;
        }
        What::SoftBounced if state == State::Bounced => {
            suppressions::count_soft_bounce(tx, secrets, now, recipient).await?;
        }
        _ => {}
    }
    if news.what >= What::HardBounced {
        health::pause_if_unwell(tx, message.host, now).await?;
    }
    guests::standing::restate(tx, message.host, guest).await
}

/// The last thing that is known to have happened.
fn known(state: State, bounce: Option<&str>) -> Option<What> {
    match (state, bounce) {
        (State::Queued | State::Sending | State::Suppressed | State::Cancelled, _) => None,
        (State::Sent, _) => Some(What::Sent),
        (State::Delivered, _) => Some(What::Delivered),
        (State::Failed, _) => Some(What::Failed),
        (State::Bounced, Some("soft")) => Some(What::SoftBounced),
        (State::Bounced, _) => Some(What::HardBounced),
        (State::Complained, _) => Some(What::Complained),
    }
}

/// How a message stands after that; `None`: as before.
fn state(what: What) -> Option<State> {
    match what {
        What::Delayed => None,
        What::Sent => Some(State::Sent),
        What::Delivered | What::Opened => Some(State::Delivered),
        What::SoftBounced | What::HardBounced => Some(State::Bounced),
        What::Failed => Some(State::Failed),
        What::Complained => Some(State::Complained),
    }
}

fn state_says_why(what: What) -> bool {
    matches!(what, What::Delayed | What::SoftBounced | What::Failed | What::HardBounced)
}
