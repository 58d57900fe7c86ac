//! F3: graceful shutdown under load.

use std::time::Duration;

use super::{Row, Scale};
use crate::{
    fixture::{Fixture, client},
    load::{Load, summary},
};

/// A node is stopped while guests reply: requests under way are finished, and accesses recorded.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut row = Row::new("F3", "SIGTERM while guests answer");
    let (_, tokens) = fixture.invited(200).await?;
    let mut slowest = Duration::ZERO;
    let mut lost = 0;
    for _ in 0..scale.of(2, 10) {
        let mut node = fixture.node(&[]).await?;
        let load = Load::start(&node.address, &tokens, 8, Duration::from_millis(20));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let opened = fixture.count("select count(*) from accesses").await?;
        for token in tokens.iter().take(20) {
            client().get(format!("http://{}/i/{token}", node.address)).send().await?;
        }
        let stopping = node.stop().await?;
        row.injected += 1;
        slowest = slowest.max(stopping);
        let noted = fixture.count("select count(*) from accesses").await? - opened;
        row.expect(noted == 20, format!("{noted} of 20 openings were noted"));
        let answered = load.end().await;
        // A connection that was refused or closed before it was used is nobody's answer; one that was cut is.
        let refused = answered.iter().filter(|one| one.status.is_none());
        lost += refused.filter(|one| one.took > Duration::from_millis(50)).count();
        row.expect(answered.iter().all(|one| matches!(one.status, Some(200) | None)), summary(&answered));
        row.answers(fixture, answered).await?;
    }
    row.expect(lost == 0, format!("{lost} answers were cut off"));
    row.expect(row.acknowledged == row.found, "an acknowledged answer is gone");
    row.recovered(slowest.as_secs_f64());
    row.seen = format!(
        "stopped after {:.2} s at most; {lost} answers cut off; 20 of 20 openings noted each time",
        slowest.as_secs_f64()
    );
    Ok(vec![row])
}
