use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::Context;
use guestguard::{error::Error, ids::Token, invitations, privacy};

use super::{Row, Scale};
use crate::{
    mail::Mood,
    world::{World, until},
};

/// A mail server that refuses, cuts off and forgets to answer: each mail ends in one way, and those who are erased while mails
/// leave get none afterwards. What is tried again later is tried at once here, so that it takes minutes, not hours.
pub async fn run(world: &mut World, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut row = Row::new("F7", "a mail server with a fault at one mail of four");
    let mut erased = Row::new("F22", "guests are erased while their mails leave");
    world.cancel_messages().await?;
    let (before, faults) = (world.mail.taken().len(), world.mail.faults());
    world.mail.set(Mood::Capricious);
    let mails = scale.of(100, 1_000);
    let (event, tokens) = world.invited(mails).await?;
    let _worker = world.worker().await?;
    for token in tokens.iter().take(scale.of(5, 40)) {
        let guest = invitations::queries::guest_of(&world.backend.db, &Token(token.clone()))
            .await
            .map_err(Error::into_cause)?;
        let address: Option<String> = sqlx::query_scalar("select email from guests where id = $1")
            .bind(guest.id().0)
            .fetch_one(&mut world.database().await?)
            .await?;
        let begun = Instant::now();
        privacy::actions::erase(&world.backend, &guest).await.map_err(Error::into_cause)?;
        world.stopped.push((address.context("everybody has an address")?, Instant::now()));
        erased.recovered(begun.elapsed().as_secs_f64());
        erased.injected += 1;
    }
    let late = world
        .mail
        .taken()
        .iter()
        .filter(|mail| world.stopped.iter().any(|(who, since)| *who == mail.to && mail.at > *since))
        .count();
    erased.expect(late == 0, format!("{late} were written to afterwards"));
    erased.seen = "none was written to afterwards; recovery is how long erasing waits for what is leaving".into();

    let open = "select count(*) from notifications where state in ('queued', 'sending')";
    let hurry = "update notifications set run_at = now() where state = 'queued'";
    let drained = until(Duration::from_secs(600), async || {
        sqlx::raw_sql(hurry).execute(&mut world.database().await?).await?;
        sqlx::raw_sql("select pg_notify('guestguard_messages', '')").execute(&mut world.database().await?).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(world.count(open).await? == 0)
    });
    row.recovered(drained.await?);
    world.mail.set(Mood::Takes);
    row.injected = world.mail.faults() - faults;
    let taken = world.mail.taken();
    let different: HashSet<_> = taken[before..].iter().map(|mail| mail.id).collect();
    row.duplicates = taken.len() - before - different.len();
    let ended: Vec<(String, i64)> =
        sqlx::query_as("select state, count(*) from notifications where event_id = $1 and kind = 'invitation' group by state order by state")
            .bind(event.0)
            .fetch_all(&mut world.database().await?)
            .await?;
    let of = |wanted: &str| ended.iter().find(|(state, _)| state == wanted).map_or(0, |(_, count)| *count);
    row.acknowledged = usize::try_from(of("sent"))?;
    row.found = row.acknowledged;
    row.seen = format!(
        "ended as {}",
        ended.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ")
    );
    Ok(vec![row, erased])
}
