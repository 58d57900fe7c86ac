//! F3: graceful shutdown under load.

use std::time::Duration;

use super::{Row, Scale};
use crate::{
    fixture::{Fixture, client},
    load::{Load, summary},
};

/// A node is stopped while guests reply. Requests in flight are finished, and accesses recorded.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut row = Row::new("F3", "SIGTERM while guests reply");
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
        let stored = fixture.count("select count(*) from accesses").await? - opened;
        row.expect(stored == 20, format!("{stored} of 20 opens were stored"));
        let replies = load.end().await;
        // Refused connections and closed idle ones do not count. Those cut during a request do.
        let failed = replies.iter().filter(|reply| reply.status.is_none());
        lost += failed.filter(|reply| reply.took > Duration::from_millis(50)).count();
        row.expect(replies.iter().all(|reply| matches!(reply.status, Some(200) | None)), summary(&replies));
        row.count_replies(fixture, replies).await?;
    }
    row.expect(lost == 0, format!("{lost} replies were cut off"));
    row.expect(row.acknowledged == row.found, "an acknowledged reply is lost");
    row.recovered(slowest.as_secs_f64());
    row.observed =
        format!("stopped within {:.2} s; {lost} replies cut off; 20 of 20 opens stored", slowest.as_secs_f64());
    Ok(vec![row])
}
