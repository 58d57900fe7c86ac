//! F7 and F22: an unreliable SMTP server, and guests erased while emails are sent.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::Context;
use guestguard::{error::Error, ids::Token, invitations, privacy};
use testkit::{fake_smtp::Behaviour, wait::until};

use super::{Row, Scale};
use crate::fixture::Fixture;

/// An SMTP server that rejects, disconnects and does not reply. Each email gets one final state, and guests erased meanwhile
/// get none afterwards. Retries are made due at once, so that the run takes minutes, not hours.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut row = Row::new("F7", "mail server with a fault at one email of four");
    let mut erased = Row::new("F22", "guests erased while their emails are sent");
    fixture.cancel_messages().await?;
    let (before, faults) = (fixture.smtp.accepted().len(), fixture.smtp.faults());
    fixture.smtp.set(Behaviour::Unreliable);
    let emails = scale.of(100, 1_000);
    let (event, tokens) = fixture.invited(emails).await?;
    let _worker = fixture.worker().await?;
    for token in tokens.iter().take(scale.of(5, 40)) {
        let guest = invitations::queries::guest_of(&fixture.backend.db, &Token(token.clone()))
            .await
            .map_err(Error::into_cause)?;
        let address: Option<String> = sqlx::query_scalar("select email from guests where id = $1")
            .bind(guest.id().0)
            .fetch_one(&mut fixture.database().await?)
            .await?;
        let begun = Instant::now();
        privacy::actions::erase(&fixture.backend, &guest).await.map_err(Error::into_cause)?;
        fixture.stopped.push((address.context("everybody has an address")?, Instant::now()));
        erased.recovered(begun.elapsed().as_secs_f64());
        erased.injected += 1;
    }
    let late = fixture
        .smtp
        .accepted()
        .iter()
        .filter(|email| fixture.stopped.iter().any(|(who, since)| *who == email.to && email.at > *since))
        .count();
    erased.expect(late == 0, format!("{late} were written to afterwards"));
    erased.observed = "none was written to afterwards; recovery is how long erasing waits for what is leaving".into();

    let open = "select count(*) from notifications where state in ('queued', 'sending')";
    let hurry = "update notifications set run_at = now() where state = 'queued'";
    let drained = until(Duration::from_secs(600), async || {
        sqlx::raw_sql(hurry).execute(&mut fixture.database().await?).await?;
        sqlx::raw_sql("select pg_notify('guestguard_messages', '')").execute(&mut fixture.database().await?).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(fixture.count(open).await? == 0)
    });
    row.recovered(drained.await?);
    fixture.smtp.set(Behaviour::Accept);
    row.injected = fixture.smtp.faults() - faults;
    let accepted = fixture.smtp.accepted();
    let distinct: HashSet<_> = accepted[before..].iter().map(|email| email.id).collect();
    row.duplicates = accepted.len() - before - distinct.len();
    let ended: Vec<(String, i64)> =
        sqlx::query_as("select state, count(*) from notifications where event_id = $1 and kind = 'invitation' group by state order by state")
            .bind(event.0)
            .fetch_all(&mut fixture.database().await?)
            .await?;
    let of = |wanted: &str| ended.iter().find(|(state, _)| state == wanted).map_or(0, |(_, count)| *count);
    row.acknowledged = usize::try_from(of("sent"))?;
    row.found = row.acknowledged;
    row.observed = format!(
        "ended as {}",
        ended.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ")
    );
    Ok(vec![row, erased])
}
