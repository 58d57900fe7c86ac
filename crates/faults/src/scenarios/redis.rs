//! F4: Redis is down, hangs or loses its data.

use std::time::{Duration, Instant};

use testkit::{
    seed::{EMAIL, PASSWORD},
    wait::until,
};

use super::{Row, Scale};
use crate::{
    fixture::{Fixture, client},
    load::{Load, summary},
    node::Node,
    proxy::Fault,
};

/// Redis is down, hangs, or returns empty. Guests notice nothing, hosts get an error at once, and no password is compared.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let (_, tokens) = fixture.invited(200).await?;
    let node = fixture.node(&[]).await?;
    let mut rows = Vec::new();
    for (what, silent) in [("Redis down", false), ("Redis accepts, never answers", true)] {
        let mut row = Row::new("F4", what);
        let browser = fixture.signed_in(&node.address).await?;
        let load = Load::start(&node.address, &tokens, 4, Duration::from_millis(20));
        tokio::time::sleep(Duration::from_millis(500)).await;
        fixture.to_redis.set(if silent { Fault::BlackHole } else { Fault::Down });
        row.injected = 1;
        let until_end = Instant::now() + Duration::from_secs(scale.of(4, 30));
        let (mut slowest, mut pages) = (Duration::ZERO, 0);
        // Requests in flight may wait. Later ones fail at once.
        tokio::time::sleep(Duration::from_millis(700)).await;
        while Instant::now() < until_end {
            let begun = Instant::now();
            let page = browser.get(format!("http://{}/dashboard", node.address)).send().await?;
            slowest = slowest.max(begun.elapsed());
            pages += 1;
            let has_retry_after = page.headers().contains_key("retry-after");
            row.expect(
                page.status() == 503 && has_retry_after,
                format!("the dashboard responded with {}", page.status()),
            );
            row.expect(guess(&node).await? == 503, "a password was compared without a rate limit");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        fixture.to_redis.set(Fault::None);
        let dashboard = format!("http://{}/dashboard", node.address);
        let back = until(Duration::from_secs(20), async || Ok(browser.get(&dashboard).send().await?.status() == 200));
        row.recovered(back.await?);
        let replies = load.end().await;
        let slow = replies.iter().map(|reply| reply.took).max().unwrap_or_default();
        row.expect(replies.iter().all(super::SentReply::is_acknowledged), format!("guests got {}", summary(&replies)));
        row.count_replies(fixture, replies).await?;
        row.expect(row.acknowledged == row.found, "an acknowledged reply is lost");
        row.observed = format!(
            "replies within {:.2} s; {pages} host pages 503 within {:.2} s",
            slow.as_secs_f64(),
            slowest.as_secs_f64()
        );
        rows.push(row);
    }
    rows.push(empty(fixture, &node).await?);
    Ok(rows)
}

/// Redis returns empty: everybody has to sign in again, and nothing else happens.
async fn empty(fixture: &mut Fixture, node: &Node) -> anyhow::Result<Row> {
    let mut row = Row::new("F4", "Redis killed, returns empty");
    let browser = fixture.signed_in(&node.address).await?;
    fixture.redis.kill()?;
    fixture.redis.up()?;
    row.injected = 1;
    let dashboard = format!("http://{}/dashboard", node.address);
    let mut statuses = std::collections::BTreeSet::new();
    let signed_out = async || {
        let status = browser.get(&dashboard).send().await?.status().as_u16();
        statuses.insert(status);
        Ok(status == 303 || status == 307 || status == 302)
    };
    row.recovered(until(Duration::from_secs(20), signed_out).await?);
    row.expect(!statuses.contains(&500), "a page responded with 500");
    let again = fixture.signed_in(&node.address).await?;
    row.expect(again.get(&dashboard).send().await?.status() == 200, "nobody can sign in");
    row.observed = format!("dashboard responded with {statuses:?}: signed out; sign-in worked at once");
    Ok(row)
}

/// A sign-in with the wrong password.
async fn guess(node: &Node) -> anyhow::Result<u16> {
    let wrong: String = PASSWORD.chars().rev().collect();
    let form = [("form[email]", EMAIL), ("form[password]", &wrong)];
    let request = client().post(format!("http://{}/api/auth/sign-in", node.address)).form(&form);
    Ok(request.header("accept", "application/json").send().await?.status().as_u16())
}
