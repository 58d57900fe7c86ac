use crate::{backend::Backend, error::Result, notifications::postman};

/// The outbox as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbox {
    /// Why no messages leave; `None`: they do.
    pub paused: Option<String>,
    /// Messages whose time has come.
    pub waiting: i64,
    /// How long the oldest of them waits, in seconds.
    pub oldest_seconds: i64,
    pub sending: i64,
    /// Domains that took no mail of ours in the last hour: our domain misses a proof of who we are, or sent too much.
    pub unwelcome: Vec<String>,
}

/// How things stand in the outbox.
pub async fn outbox(backend: &Backend) -> Result<Outbox> {
    let now = backend.clock.now();
    let found = sqlx::query!(
        r#"
        select count(*) as "waiting!", min(run_at) as oldest,
            (select count(*) from notifications where lease_owner is not null and state = 'sending') as "sending!"
        from notifications where state = 'queued' and run_at <= $1
        "#,
        now,
    )
    .fetch_one(&backend.db)
    .await?;
    let unwelcome = sqlx::query_scalar!(
        r#"
        select distinct lower(split_part(recipient, '@', 2)) as "domain!" from notifications
        where bounce_type = 'policy' and state_changed_at > $1 order by 1
        "#,
        now - postman::REST,
    )
    .fetch_all(&backend.db)
    .await?;
    Ok(Outbox {
        paused: postman::paused(&backend.db).await?,
        waiting: found.waiting,
        oldest_seconds: found.oldest.map_or(0, |oldest| (now - oldest).num_seconds()),
        sending: found.sending,
        unwelcome,
    })
}
