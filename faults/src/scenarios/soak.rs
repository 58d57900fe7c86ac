use std::time::{Duration, Instant};

use super::{Row, Scale};
use crate::{
    load::{Load, answer, told},
    mail::Mood,
    proxy::Fault,
    world::{World, client, until},
};

/// Everything at random for a while: what holds is looked at afterwards, as after each fault.
pub async fn run(world: &mut World, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let minutes = scale.soak_minutes;
    let mut row = Row::new("F23", format!("all of these at random for {minutes} minutes"));
    world.cancel_messages().await?;
    let (_, tokens) = world.invited(500).await?;
    let node = world.node(&[]).await?;
    let mut worker = world.worker().await?;
    let load = Load::start(&node.address, &tokens, 6, Duration::from_millis(20));
    let (begun, mut memory) = (Instant::now(), Vec::new());
    let second = Duration::from_secs(1);
    while begun.elapsed() < Duration::from_secs(minutes * 60) {
        row.injected += 1;
        match fastrand::u8(..8) {
            0 => world.to_redis.set(Fault::Down),
            1 => world.to_redis.set(Fault::BlackHole),
            2 => {
                world.redis.kill()?;
                world.redis.up()?;
            }
            3 => {
                world.postgres.crash()?;
                world.database_crashed();
                world.postgres.up()?;
            }
            4 => world.to_postgres.set(Fault::Slow(Duration::from_millis(100))),
            5 => world.to_postgres.set(Fault::BlackHole),
            6 => world.mail.set(if fastrand::bool() { Mood::Capricious } else { Mood::Closed }),
            _ => {
                worker.kill().await?;
                world.worker_died();
                worker = world.worker().await?;
            }
        }
        tokio::time::sleep(second.mul_f64(0.5 + 2.0 * fastrand::f64())).await;
        heal(world);
        let browser = client();
        let back = async || Ok(answer(&browser, &node.address, &tokens[0]).await.is_acknowledged());
        row.recovered(until(Duration::from_secs(60), back).await?);
        memory.push((begun.elapsed().as_secs_f64() / 60.0, node.memory()?));
        tokio::time::sleep(second).await;
    }
    let answered = load.end().await;
    row.expect(answered.iter().all(|one| matches!(one.status, Some(200 | 503))), told(&answered));
    row.seen = format!("{}; memory {:+.1} MB a minute", told(&answered), slope(&memory));
    row.answers(world, answered).await?;
    row.expect(row.acknowledged == row.found, "an acknowledged answer is gone");
    row.expect(!world.logs()?.contains("panicked"), "something panicked; see the logs");
    Ok(vec![row])
}

fn heal(world: &World) {
    world.to_redis.set(Fault::None);
    world.to_postgres.set(Fault::None);
    world.mail.set(Mood::Takes);
}

/// How much the second figure grows with the first, over the second half of them: least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let points = &points[points.len() / 2..];
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    both / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}
