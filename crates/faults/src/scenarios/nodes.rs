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
    load::{Load, reply, summary},
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

    let mut row = Row::new("two nodes", "kill -9 of each in turn");
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
        // HAProxy checks every second.
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    let replies = load.end().await;
    let failed = replies.iter().filter(|reply| !reply.is_acknowledged()).count();
    row.expect(failed <= row.injected * 8, format!("more failures than connections: {}", summary(&replies)));
    watching.abort();
    let gaps = gaps.lock().await.clone();
    row.expect(!gaps.is_empty(), "no live page returned");
    row.recovered(gaps.iter().copied().fold(0.0, f64::max));
    row.observed = format!("{}; live pages returned {} times", summary(&replies), gaps.len());
    row.count_replies(fixture, replies).await?;
    row.expect(row.acknowledged == row.found, "an acknowledged reply is lost");
    rows.push(row);

    let mut row = Row::new("two nodes", "primary lost, standby promoted while guests reply");
    row.injected = 1;
    let load = Load::start(&front, &tokens, 8, Duration::from_millis(10));
    tokio::time::sleep(Duration::from_secs(2)).await;
    fixture.postgres.crash()?;
    fixture.database_crashed();
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(1)).await;
    standby.promote()?;
    fixture.to_postgres.redirect_to(standby.address);
    let lost = std::mem::replace(&mut fixture.postgres, standby);
    let browser = client();
    let back = async || Ok(reply(&browser, &front, &tokens[0]).await.is_acknowledged());
    until(Duration::from_secs(30), back).await?;
    row.recovered(begun.elapsed().as_secs_f64());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let replies = load.end().await;
    row.observed = summary(&replies);
    row.count_replies(fixture, replies).await?;
    row.expect(row.acknowledged == row.found, "an acknowledged reply is lost");
    drop(lost);
    // The worker continues, too.
    let waiting = "select count(*) from notifications where state in ('queued', 'sending')";
    let drained = until(Duration::from_secs(120), async || Ok(fixture.count(waiting).await? == 0)).await;
    row.expect(drained.is_ok(), "the worker did not continue");
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

/// Sessions and limits hold across both nodes.
async fn shared(fixture: &mut Fixture, nodes: [&str; 2], token: &str) -> anyhow::Result<Row> {
    let mut row = Row::new("two nodes", "a session, a limit, a sign-out across both");
    let browser = fixture.signed_in(nodes[0]).await?;
    for node in nodes {
        let page = browser.get(format!("http://{node}/dashboard")).send().await?;
        row.expect(page.status() == 200, format!("signed in on one node, the other responded with {}", page.status()));
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
        fixture.revoked.iter().filter(|(_, passed)| *passed).map(|(after, _)| after.as_secs_f64()).fold(0.0, f64::max);
    row.recovered(last);
    row.observed =
        format!("{passed} of {} opens passed a limit of {} in {} s", row.injected, LIMIT.0, LIMIT.1.as_secs());
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
    let request = browser.post(format!("http://{front}/api/rsvp/ticket")).header("accept", "application/json");
    let ticket: String = request.form(&[("event", event.to_string())]).send().await?.error_for_status()?.json().await?;
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
