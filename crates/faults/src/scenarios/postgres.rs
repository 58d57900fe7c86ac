//! F5 and F6: PostgreSQL crashes, hangs or is slow.

use std::time::Duration;

use testkit::wait::until;

use super::{Row, Scale};
use crate::{
    fixture::{Fixture, client},
    load::{Load, answer, summary},
    proxy::Fault,
};

/// PostgreSQL crashes and restarts, hangs, or is slow, while guests reply.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let (_, tokens) = fixture.invited(200).await?;
    let node = fixture.node(&[]).await?;
    let browser = client();

    let mut row = Row::new("F5", "PostgreSQL crashes (immediate stop) and starts again");
    let load = Load::start(&node.address, &tokens, 8, Duration::from_millis(10));
    for _ in 0..scale.of(2, 5) {
        tokio::time::sleep(Duration::from_secs(scale.of(1, 3))).await;
        fixture.postgres.crash()?;
        fixture.database_crashed();
        tokio::time::sleep(Duration::from_millis(500)).await;
        fixture.postgres.up()?;
        row.injected += 1;
        let back = async || Ok(answer(&browser, &node.address, &tokens[0]).await.is_acknowledged());
        row.recovered(until(Duration::from_secs(20), back).await?);
    }
    let answered = load.end().await;
    let slowest = answered.iter().map(|one| one.took.as_secs_f64()).fold(0.0, f64::max);
    row.expect(answered.iter().all(|one| matches!(one.status, Some(200 | 503))), summary(&answered));
    row.expect(
        answered.iter().all(|one| one.status != Some(503) || one.come_again),
        "503 without a time to come again",
    );
    row.expect(slowest < 20.0, format!("an answer took {slowest:.1} s"));
    row.seen = format!("{}; the slowest {slowest:.1} s", summary(&answered));
    row.answers(fixture, answered).await?;
    row.expect(row.acknowledged == row.found, "an acknowledged answer is gone");
    let mut rows = vec![row];

    for (what, fault, seconds) in [
        ("PostgreSQL accepts and says nothing", Fault::BlackHole, scale.of(4, 30)),
        ("PostgreSQL is 200 ms away, give or take half", Fault::Slow(Duration::from_millis(200)), scale.of(4, 20)),
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
            row.expect(live.is_ok_and(|live| live.status() == 200), "/livez did not answer within a second");
            most = most.max(node.memory()?);
        }
        fixture.to_postgres.set(Fault::None);
        let back = async || Ok(answer(&browser, &node.address, &tokens[0]).await.is_acknowledged());
        row.recovered(until(Duration::from_secs(30), back).await?);
        let answered = load.end().await;
        let slowest = answered.iter().map(|one| one.took.as_secs_f64()).fold(0.0, f64::max);
        row.expect(answered.iter().all(|one| matches!(one.status, Some(200 | 503))), summary(&answered));
        row.expect(most - before < 100.0, format!("memory grew by {:.0} MB", most - before));
        row.seen = format!("{}; the slowest {slowest:.1} s; memory +{:.0} MB", summary(&answered), most - before);
        row.answers(fixture, answered).await?;
        row.expect(row.acknowledged == row.found, "an acknowledged answer is gone");
        rows.push(row);
    }
    Ok(rows)
}
