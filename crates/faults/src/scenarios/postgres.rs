//! F5 and F6: PostgreSQL crashes, hangs or is slow.

use std::time::Duration;

use testkit::wait::until;

use super::{Row, Scale};
use crate::{
    fixture::{Fixture, client},
    load::{Load, reply, summary},
    proxy::Fault,
};

/// PostgreSQL crashes and restarts, hangs, or is slow, while guests reply.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let (_, tokens) = fixture.invited(200).await?;
    let node = fixture.node(&[]).await?;
    let browser = client();

    let mut row = Row::new("F5", "PostgreSQL crashes (immediate stop), restarts");
    let load = Load::start(&node.address, &tokens, 8, Duration::from_millis(10));
    for _ in 0..scale.of(2, 5) {
        tokio::time::sleep(Duration::from_secs(scale.of(1, 3))).await;
        fixture.postgres.crash()?;
        fixture.database_crashed();
        tokio::time::sleep(Duration::from_millis(500)).await;
        fixture.postgres.up()?;
        row.injected += 1;
        let back = async || Ok(reply(&browser, &node.address, &tokens[0]).await.is_acknowledged());
        row.recovered(until(Duration::from_secs(20), back).await?);
    }
    let replies = load.end().await;
    let slowest = replies.iter().map(|reply| reply.took.as_secs_f64()).fold(0.0, f64::max);
    row.expect(replies.iter().all(|reply| matches!(reply.status, Some(200 | 503))), summary(&replies));
    row.expect(
        replies.iter().all(|reply| reply.status != Some(503) || reply.has_retry_after),
        "503 without a Retry-After",
    );
    row.expect(slowest < 20.0, format!("a reply took {slowest:.1} s"));
    row.observed = format!("{}; slowest {slowest:.1} s", summary(&replies));
    row.count_replies(fixture, replies).await?;
    row.expect(row.acknowledged == row.found, "an acknowledged reply is lost");
    let mut rows = vec![row];

    for (what, fault, seconds) in [
        ("PostgreSQL accepts, never answers", Fault::BlackHole, scale.of(4, 30)),
        ("PostgreSQL 200 ms away, ± half", Fault::Slow(Duration::from_millis(200)), scale.of(4, 20)),
    ] {
        let mut row = Row::new("F6", what);
        let before = node.memory()?;
        let load = Load::start(&node.address, &tokens, 40, Duration::from_millis(10));
        tokio::time::sleep(Duration::from_secs(1)).await;
        fixture.to_postgres.set(fault);
        row.injected = 1;
        let mut most = before;
        for _ in 0..seconds {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let live =
                browser.get(format!("http://{}/livez", node.address)).timeout(Duration::from_secs(1)).send().await;
            row.expect(live.is_ok_and(|live| live.status() == 200), "/livez did not respond within a second");
            most = most.max(node.memory()?);
        }
        fixture.to_postgres.set(Fault::None);
        let back = async || Ok(reply(&browser, &node.address, &tokens[0]).await.is_acknowledged());
        row.recovered(until(Duration::from_secs(30), back).await?);
        let replies = load.end().await;
        let slowest = replies.iter().map(|reply| reply.took.as_secs_f64()).fold(0.0, f64::max);
        row.expect(replies.iter().all(|reply| matches!(reply.status, Some(200 | 503))), summary(&replies));
        row.expect(most - before < 100.0, format!("memory grew by {:.0} MB", most - before));
        row.observed = format!("{}; slowest {slowest:.1} s; memory +{:.0} MB", summary(&replies), most - before);
        row.count_replies(fixture, replies).await?;
        row.expect(row.acknowledged == row.found, "an acknowledged reply is lost");
        rows.push(row);
    }
    Ok(rows)
}
