//! Two nodes and a worker behind HAProxy, and failover to a standby.

use std::{
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use futures::StreamExt;
use guestguard::ids::EventId;
use sqlx::Connection;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use testkit::wait::until;

use super::{Row, Scale};
use crate::{
    fixture::{Fixture, client},
    invariants::{LIMIT, REVOKED},
    load::{Load, answer, summary},
    services::free_address,
};

/// Two nodes and a worker behind HAProxy, one PostgreSQL with a standby that confirms each commit, one Redis.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let standby = fixture.postgres.standby(fixture.folder.path())?;
    confirm_on_standby(fixture).await?;
    let (event, tokens) = fixture.invited(200).await?;
    let [front, one, two] = [free_address()?.to_string(), free_address()?.to_string(), free_address()?.to_string()];
    let limit = format!("{}/{}", LIMIT.0, LIMIT.1.as_secs());
    let public = format!("http://{front}");
    let settings = |listen| {
        [
            ("GG_LISTEN", listen),
            ("GG_PUBLIC_URL", public.as_str()),
            ("GG_TRUSTED_PROXIES", "1"),
            ("GG_LIMIT_OPEN_LINK", limit.as_str()),
        ]
    };
    let mut nodes = [fixture.node(&settings(one.as_str())).await?, fixture.node(&settings(two.as_str())).await?];
    let mut worker = fixture.worker().await?;
    let _proxy = haproxy(fixture, &front, [&one, &two])?;
    until(Duration::from_secs(10), async || Ok(client().get(format!("{public}/readyz")).send().await?.status() == 200))
        .await?;

    let mut rows = vec![shared(fixture, [&one, &two], &tokens[0]).await?];

    let mut row = Row::new("two nodes", "kill -9 of one of two nodes in turn while guests answer");
    let browser = fixture.signed_in(&front).await?;
    let gaps = Gaps::default();
    let watching = tokio::spawn(watch(browser, front.clone(), event, gaps.clone()));
    let load = Load::start(&front, &tokens, 8, Duration::from_millis(10));
    for number in 0..scale.of(2, 6) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        nodes[number % 2].kill().await?;
        row.injected += 1;
        tokio::time::sleep(Duration::from_secs(2)).await;
        nodes[number % 2] = fixture.node(&settings([&one, &two][number % 2])).await?;
        // HAProxy looks every second.
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    let answered = load.end().await;
    let trouble = answered.iter().filter(|one| !one.is_acknowledged()).count();
    row.expect(trouble <= row.injected * 8, format!("more than each connection once: {}", summary(&answered)));
    watching.abort();
    let gaps = gaps.lock().await.clone();
    row.expect(!gaps.is_empty(), "no live page came back");
    row.recovered(gaps.iter().copied().fold(0.0, f64::max));
    row.seen = format!("{}; live pages were back {} times", summary(&answered), gaps.len());
    row.answers(fixture, answered).await?;
    row.expect(row.acknowledged == row.found, "an acknowledged answer is gone");
    rows.push(row);

    let mut row = Row::new("two nodes", "the first PostgreSQL is lost, the standby promoted, while guests answer");
    row.injected = 1;
    let load = Load::start(&front, &tokens, 8, Duration::from_millis(10));
    tokio::time::sleep(Duration::from_secs(2)).await;
    fixture.postgres.crash()?;
    fixture.database_crashed();
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(1)).await;
    standby.promote()?;
    fixture.to_postgres.lead_to(standby.address);
    let lost = std::mem::replace(&mut fixture.postgres, standby);
    let browser = client();
    let back = async || Ok(answer(&browser, &front, &tokens[0]).await.is_acknowledged());
    until(Duration::from_secs(30), back).await?;
    row.recovered(begun.elapsed().as_secs_f64());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let answered = load.end().await;
    row.seen = summary(&answered);
    row.answers(fixture, answered).await?;
    row.expect(row.acknowledged == row.found, "an acknowledged answer is gone");
    drop(lost);
    // The jobs go on as well: what waits leaves.
    let waiting = "select count(*) from notifications where state in ('queued', 'sending')";
    let drained = until(Duration::from_secs(120), async || Ok(fixture.count(waiting).await? == 0)).await;
    row.expect(drained.is_ok(), "the worker did not go on");
    worker.kill().await?;
    fixture.worker_died();
    rows.push(row);
    Ok(rows)
}

/// Synchronous replication: a commit is acknowledged only when the standby has it.
async fn confirm_on_standby(fixture: &Fixture) -> anyhow::Result<()> {
    let mut db = fixture.database().await?;
    sqlx::raw_sql("alter system set synchronous_standby_names = 'standby'").execute(&mut db).await?;
    sqlx::raw_sql("select pg_reload_conf()").execute(&mut db).await?;
    db.close().await?;
    let follows = "select count(*) from pg_stat_replication where sync_state = 'sync'";
    until(Duration::from_secs(20), async || Ok(fixture.count(follows).await? == 1)).await?;
    Ok(())
}

/// Sessions and limits hold over both nodes.
async fn shared(fixture: &mut Fixture, nodes: [&str; 2], token: &str) -> anyhow::Result<Row> {
    let mut row = Row::new("two nodes", "one session, one limit, and a session that ends, over both");
    let browser = fixture.signed_in(nodes[0]).await?;
    for node in nodes {
        let page = browser.get(format!("http://{node}/dashboard")).send().await?;
        row.expect(page.status() == 200, format!("signed in on one node, the other says {}", page.status()));
    }
    let begun = Instant::now();
    for number in 0_usize.. {
        if begun.elapsed() > LIMIT.1 + Duration::from_secs(3) {
            break;
        }
        let page = client().get(format!("http://{}/i/{token}", nodes[number % 2])).send().await?;
        fixture.passes.push((Instant::now(), page.status() == 200));
        row.injected += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let passed = fixture.passes.iter().filter(|(_, passed)| *passed).count();

    let leaving = fixture.signed_in(nodes[1]).await?;
    let ended =
        browser.post(format!("http://{}/api/auth/end-other-sessions", nodes[0])).header("accept", "application/json");
    ensure!(ended.send().await?.status() == 200, "other sessions cannot be ended");
    let begun = Instant::now();
    while begun.elapsed() < REVOKED * 3 {
        let page = leaving.get(format!("http://{}/dashboard", nodes[1])).send().await?;
        fixture.revoked.push((begun.elapsed(), page.status() == 200));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let last =
        fixture.revoked.iter().filter(|(_, let_in)| *let_in).map(|(after, _)| after.as_secs_f64()).fold(0.0, f64::max);
    row.recovered(last);
    row.seen =
        format!("{passed} of {} openings passed a limit of {} in {} s", row.injected, LIMIT.0, LIMIT.1.as_secs());
    Ok(row)
}

/// Seconds of each gap in a live page's updates.
type Gaps = Arc<tokio::sync::Mutex<Vec<f64>>>;

/// A host's live page of an event, which reconnects when its socket closes.
async fn watch(browser: reqwest::Client, front: String, event: EventId, gaps: Gaps) {
    let mut lost: Option<Instant> = None;
    loop {
        if let Ok(mut socket) = open(&browser, &front, event).await {
            while let Some(Ok(message)) = socket.next().await {
                if let (Message::Text(_), Some(since)) = (&message, lost) {
                    gaps.lock().await.push(since.elapsed().as_secs_f64());
                    lost = None;
                }
            }
        }
        lost = lost.or_else(|| Some(Instant::now()));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(browser: &reqwest::Client, front: &str, event: EventId) -> anyhow::Result<Socket> {
    let asked = browser.post(format!("http://{front}/api/rsvp/ticket")).header("accept", "application/json");
    let ticket: String = asked.form(&[("event", event.to_string())]).send().await?.error_for_status()?.json().await?;
    let mut request = format!("ws://{front}/ws/events/{event}?ticket={ticket}").into_client_request()?;
    request.headers_mut().insert("origin", format!("http://{front}").parse()?);
    Ok(connect_async(request).await?.0)
}

struct Haproxy(std::process::Child);

impl Drop for Haproxy {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn haproxy(fixture: &Fixture, front: &str, nodes: [&str; 2]) -> anyhow::Result<Haproxy> {
    let settings = format!(
        "defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout http-request 15s
    timeout server 25s
    timeout tunnel 60s
    option redispatch
    retries 2
frontend site
    bind {front}
    option forwardfor
    default_backend nodes
backend nodes
    balance leastconn
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host {front}
    default-server check inter 1s fall 1 rise 1
    server one {}
    server two {}
",
        nodes[0], nodes[1]
    );
    let file = fixture.folder.path().join("haproxy.cfg");
    std::fs::write(&file, settings)?;
    let mut command = std::process::Command::new("haproxy");
    let process = command.arg("-db").arg("-f").arg(file).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Ok(Haproxy(process.context("haproxy; bin/faults installs it")?))
}
