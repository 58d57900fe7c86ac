use std::{collections::HashSet, time::Duration};

use uuid::Uuid;

use super::{Row, Scale};
use crate::{
    mail::Mood,
    world::{World, until},
};

/// The worker is killed every other second while it sends: no mail is lost, and one comes twice at most for each death.
pub async fn run(world: &mut World, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut row = Row::new("F2", "kill -9 of the worker while it sends");
    world.cancel_messages().await?;
    let before = world.mail.taken().len();
    world.mail.set(Mood::Slow(Duration::from_millis(2)));
    let mails = scale.of(200, 1_000);
    let (event, _) = world.invited(mails).await?;
    for _ in 0..scale.of(3, 25) {
        let mut worker = world.worker().await?;
        tokio::time::sleep(Duration::from_millis(fastrand::u64(200..1_500))).await;
        worker.kill().await?;
        row.injected += 1;
        world.worker_died();
    }
    world.mail.set(Mood::Takes);
    let _worker = world.worker().await?;
    let waiting = "select count(*) from notifications where state in ('queued', 'sending')";
    row.recovered(until(Duration::from_secs(180), async || Ok(world.count(waiting).await? == 0)).await?);
    let wanted: Vec<Uuid> = sqlx::query_scalar("select id from notifications where event_id = $1")
        .bind(event.0)
        .fetch_all(&mut world.database().await?)
        .await?;
    // Mails about the account leave as well.
    let taken = world.mail.taken().split_off(before);
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
