//! F23: soak test, all faults at random.

use std::time::{Duration, Instant};

use testkit::{fake_smtp::Behaviour, wait::until};

use super::{Row, Scale};
use crate::{
    fixture::{Fixture, client},
    load::{Load, reply, summary},
    proxy::Fault,
};

/// Random faults for some minutes.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let minutes = scale.soak_minutes;
    let mut row = Row::new("F23", format!("all of these at random for {minutes} minutes"));
    fixture.cancel_messages().await?;
    let (_, tokens) = fixture.invited(500).await?;
    let node = fixture.node(&[]).await?;
    let mut worker = fixture.worker().await?;
    let load = Load::start(&node.address, &tokens, 6, Duration::from_millis(20));
    let (begun, mut memory) = (Instant::now(), Vec::new());
    let second = Duration::from_secs(1);
    while begun.elapsed() < Duration::from_secs(minutes * 60) {
        row.injected += 1;
        match fastrand::u8(..8) {
            0 => fixture.to_redis.set(Fault::Down),
            1 => fixture.to_redis.set(Fault::BlackHole),
            2 => {
                fixture.redis.kill()?;
                fixture.redis.up()?;
            }
            3 => {
                fixture.postgres.crash()?;
                fixture.database_crashed();
                fixture.postgres.up()?;
            }
            4 => fixture.to_postgres.set(Fault::Slow(Duration::from_millis(100))),
            5 => fixture.to_postgres.set(Fault::BlackHole),
            6 => fixture.smtp.set(if fastrand::bool() { Behaviour::Unreliable } else { Behaviour::Closed }),
            _ => {
                worker.kill().await?;
                fixture.worker_died();
                worker = fixture.worker().await?;
            }
        }
        tokio::time::sleep(second.mul_f64(0.5 + 2.0 * fastrand::f64())).await;
        heal(fixture);
        let browser = client();
        let back = async || Ok(reply(&browser, &node.address, &tokens[0]).await.is_acknowledged());
        row.recovered(until(Duration::from_secs(60), back).await?);
        memory.push((begun.elapsed().as_secs_f64() / 60.0, node.memory()?));
        tokio::time::sleep(second).await;
    }
    let replies = load.end().await;
    row.expect(replies.iter().all(|reply| matches!(reply.status, Some(200 | 503))), summary(&replies));
    row.observed = format!("{}; memory {:+.1} MB a minute", summary(&replies), slope(&memory));
    row.count_replies(fixture, replies).await?;
    row.expect(row.acknowledged == row.found, "an acknowledged reply is lost");
    row.expect(!fixture.logs()?.contains("panicked"), "something panicked; see the logs");
    Ok(vec![row])
}

fn heal(fixture: &Fixture) {
    fixture.to_redis.set(Fault::None);
    fixture.to_postgres.set(Fault::None);
    fixture.smtp.set(Behaviour::Accept);
}

/// Slope of the second half of the points, by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let points = &points[points.len() / 2..];
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    both / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}
