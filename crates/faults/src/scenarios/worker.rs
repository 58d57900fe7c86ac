//! F2: the worker is killed again and again.

use std::{collections::HashSet, time::Duration};

use testkit::{fake_smtp::Behaviour, wait::until};
use uuid::Uuid;

use super::{Row, Scale};
use crate::fixture::Fixture;

/// The worker is killed every other second while it sends. No email is lost, and each kill duplicates at most one.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut row = Row::new("F2", "kill -9 of the worker while it sends");
    fixture.cancel_messages().await?;
    let before = fixture.smtp.accepted().len();
    fixture.smtp.set(Behaviour::Slow(Duration::from_millis(2)));
    let emails = scale.of(200, 1_000);
    let (event, _) = fixture.invited(emails).await?;
    for _ in 0..scale.of(3, 25) {
        let mut worker = fixture.worker().await?;
        tokio::time::sleep(Duration::from_millis(fastrand::u64(200..1_500))).await;
        worker.kill().await?;
        row.injected += 1;
        fixture.worker_died();
    }
    fixture.smtp.set(Behaviour::Accept);
    let _worker = fixture.worker().await?;
    let waiting = "select count(*) from notifications where state in ('queued', 'sending')";
    row.recovered(until(Duration::from_secs(180), async || Ok(fixture.count(waiting).await? == 0)).await?);
    let wanted: Vec<Uuid> = sqlx::query_scalar("select id from notifications where event_id = $1")
        .bind(event.0)
        .fetch_all(&mut fixture.database().await?)
        .await?;
    // Account emails are sent, too.
    let accepted = fixture.smtp.accepted().split_off(before);
    let arrived: Vec<_> = accepted.iter().map(|email| email.id).filter(|id| wanted.contains(id)).collect();
    let distinct: HashSet<_> = arrived.iter().copied().collect();
    row.acknowledged = emails;
    row.found = distinct.len();
    row.duplicates = arrived.len() - distinct.len();
    row.expect(row.found == emails, format!("{} of {emails} emails arrived", row.found));
    row.expect(row.duplicates <= row.injected, format!("{} emails arrived twice", row.duplicates));
    row.observed = "the last emails followed after their one-minute lease".into();
    Ok(vec![row])
}
