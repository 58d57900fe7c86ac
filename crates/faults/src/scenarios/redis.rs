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

/// Redis goes down, hangs, comes back empty: guests notice nothing, hosts get an error at once, and passwords cannot be guessed.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let (_, tokens) = fixture.invited(200).await?;
    let node = fixture.node(&[]).await?;
    let mut rows = Vec::new();
    for (what, silent) in [("Redis is away", false), ("Redis accepts and says nothing", true)] {
        let mut row = Row::new("F4", what);
        let browser = fixture.signed_in(&node.address).await?;
        let load = Load::start(&node.address, &tokens, 4, Duration::from_millis(20));
        tokio::time::sleep(Duration::from_millis(500)).await;
        fixture.to_redis.set(if silent { Fault::BlackHole } else { Fault::Down });
        row.injected = 1;
        let until_end = Instant::now() + Duration::from_secs(scale.of(4, 30));
        let (mut slowest, mut asked) = (Duration::ZERO, 0);
        // A request may be under way when it goes; from then on each is told at once.
        tokio::time::sleep(Duration::from_millis(700)).await;
        while Instant::now() < until_end {
            let begun = Instant::now();
            let page = browser.get(format!("http://{}/dashboard", node.address)).send().await?;
            slowest = slowest.max(begun.elapsed());
            asked += 1;
            let come_again = page.headers().contains_key("retry-after");
            row.expect(page.status() == 503 && come_again, format!("the dashboard said {}", page.status()));
            row.expect(guess(&node).await? == 503, "a password was compared without a limit");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        fixture.to_redis.set(Fault::None);
        let dashboard = format!("http://{}/dashboard", node.address);
        let back = until(Duration::from_secs(20), async || Ok(browser.get(&dashboard).send().await?.status() == 200));
        row.recovered(back.await?);
        let answered = load.end().await;
        let slow = answered.iter().map(|one| one.took).max().unwrap_or_default();
        row.expect(
            answered.iter().all(super::Answered::is_acknowledged),
            format!("guests were told {}", summary(&answered)),
        );
        row.answers(fixture, answered).await?;
        row.expect(row.acknowledged == row.found, "an acknowledged answer is gone");
        row.seen = format!(
            "all guests answered, in {:.2} s at most; {asked} host pages 503 within {:.2} s; no password compared",
            slow.as_secs_f64(),
            slowest.as_secs_f64()
        );
        rows.push(row);
    }
    rows.push(empty(fixture, &node).await?);
    Ok(rows)
}

/// Redis comes back empty: everybody signs in again, and nothing else happens.
async fn empty(fixture: &mut Fixture, node: &Node) -> anyhow::Result<Row> {
    let mut row = Row::new("F4", "Redis is killed and comes back empty");
    let browser = fixture.signed_in(&node.address).await?;
    fixture.redis.kill()?;
    fixture.redis.up()?;
    row.injected = 1;
    let dashboard = format!("http://{}/dashboard", node.address);
    let mut seen = std::collections::BTreeSet::new();
    let asked = async || {
        let status = browser.get(&dashboard).send().await?.status().as_u16();
        seen.insert(status);
        Ok(status == 303 || status == 307 || status == 302)
    };
    row.recovered(until(Duration::from_secs(20), asked).await?);
    row.expect(!seen.contains(&500), "a page said 500");
    let again = fixture.signed_in(&node.address).await?;
    row.expect(again.get(&dashboard).send().await?.status() == 200, "nobody can sign in");
    row.seen = format!("the dashboard said {seen:?}: signed out; signed in again at once");
    Ok(row)
}

/// A sign-in with the wrong password.
async fn guess(node: &Node) -> anyhow::Result<u16> {
    let wrong: String = PASSWORD.chars().rev().collect();
    let form = [("form[email]", EMAIL), ("form[password]", &wrong)];
    let request = client().post(format!("http://{}/api/auth/sign-in", node.address)).form(&form);
    Ok(request.header("accept", "application/json").send().await?.status().as_u16())
}
