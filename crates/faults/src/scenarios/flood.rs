//! F19: overload by sign-ins and by connections that send nothing.

use std::time::{Duration, Instant};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{Row, Scale};
use crate::fixture::{Fixture, client};

/// Many sign-ins, and many connections that never finish a request: others are still served.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let node = fixture.node(&[]).await?;
    let mut hashes = Row::new("F19", "200 simultaneous sign-ins");
    let before = node.memory()?;
    let address = node.address.clone();
    let flood = tokio::spawn(async move {
        futures::future::join_all((0..200).map(|n| {
            let form = [
                ("form[email]", format!("nobody{n}@guests.example")),
                ("form[password]", "a guess of mine".to_owned()),
            ];
            let request = client().post(format!("http://{address}/api/auth/sign-in")).form(&form);
            request.header("accept", "application/json").send()
        }))
        .await
    });
    let (times, most) = watch(&node, async || !flood.is_finished()).await?;
    let responses = flood.await?;
    let served = responses.iter().flatten().filter(|response| response.status() != 503).count();
    let rejected = responses.iter().flatten().filter(|response| response.status() == 503).count();
    hashes.injected = responses.len();
    hashes.expect(served + rejected == responses.len(), "some got no response");
    hashes.expect(most - before < 100.0, format!("memory grew by {:.0} MB", most - before));
    hashes.observed =
        format!("{served} compared, {rejected} told to retry; {}; memory +{:.0} MB", p99(&times), most - before);

    let mut silent = Row::new("F19", "500 connections with unfinished requests");
    let mut connections = Vec::new();
    for _ in 0..500 {
        let mut connection = TcpStream::connect(&node.address).await?;
        connection.write_all(b"GET / HTTP/1.1\r\nHost: 127").await?;
        connections.push(connection);
    }
    let begun = Instant::now();
    let (times, _) = watch(&node, async || begun.elapsed() < Duration::from_secs(scale.of(5, 18))).await?;
    let open = connections.iter().filter(|connection| connection.try_read(&mut [0; 512]).is_err()).count();
    silent.injected = connections.len();
    silent.expect(scale.quick || open == 0, format!("{open} are still open after 18 s"));
    silent.observed = format!("{}; {open} still open after {} s", p99(&times), scale.of(5, 18));
    Ok(vec![hashes, silent])
}

/// Response times of `/livez` while `continues` is true, and the peak of memory.
async fn watch(node: &crate::node::Node, mut continues: impl AsyncFnMut() -> bool) -> anyhow::Result<(Vec<f64>, f64)> {
    let (browser, mut times, mut most) = (client(), Vec::new(), 0.0_f64);
    while continues().await {
        let begun = Instant::now();
        browser.get(format!("http://{}/livez", node.address)).send().await?.error_for_status()?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        most = most.max(node.memory()?);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    times.sort_by(f64::total_cmp);
    Ok((times, most))
}

fn p99(times: &[f64]) -> String {
    let at = times.len().saturating_sub(1) * 99 / 100;
    format!("p99 of /livez {:.0} ms", times.get(at).copied().unwrap_or(f64::NAN))
}
