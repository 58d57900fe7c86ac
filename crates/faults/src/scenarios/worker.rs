//! F2: the worker is killed again and again.

use std::{collections::HashSet, time::Duration};

use testkit::{fake_smtp::Behaviour, wait::until};
use uuid::Uuid;

use super::{Row, Scale};
use crate::fixture::Fixture;

/// The worker is killed every other second while it sends: no email is lost, and each kill duplicates at most one.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut row = Row::new("F2", "kill -9 of the worker while it sends");
    fixture.cancel_messages().await?;
    let before = fixture.smtp.accepted().len();
    fixture.smtp.set(Behaviour::Slow(Duration::from_millis(2)));
    let mails = scale.of(200, 1_000);
    let (event, _) = fixture.invited(mails).await?;
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
    // Mails about the account leave as well.
    let taken = fixture.smtp.accepted().split_off(before);
    let came: Vec<_> = taken.iter().map(|mail| mail.id).filter(|id| wanted.contains(id)).collect();
    let different: HashSet<_> = came.iter().copied().collect();
    row.acknowledged = mails;
    row.found = different.len();
    row.duplicates = came.len() - different.len();
    row.expect(row.found == mails, format!("{} of {mails} mails came", row.found));
    row.expect(row.duplicates <= row.injected, format!("{} mails came twice", row.duplicates));
    row.seen = "the last death's mails left after their lease of a minute".into();
    Ok(vec![row])
}
