//! F1: the node dies during an import.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use guestguard::ids::EventId;

use super::{Row, Scale};
use crate::fixture::Fixture;

const ROWS: usize = 5_000;

/// The node is killed while it commits an import of 5,000 rows. All guests are on the list, or none. After a second commit
/// each is there once.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut row = Row::new("F1", "kill -9 of a node committing 5,000 rows");
    let (mut all, mut none) = (0, 0);
    let mut node = fixture.node(&[]).await?;
    for _ in 0..scale.of(3, 40) {
        let event = fixture.event().await?;
        let browser = fixture.signed_in(&node.address).await?;
        let import = upload(&browser, &node.address, event).await?;
        let commit = commit(&browser, &node.address, event, &import);
        let status = tokio::select! {
            status = commit => Some(status?),
            () = tokio::time::sleep(Duration::from_millis(fastrand::u64(..scale.of(1_500, 400)))) => None,
        };
        node.kill().await?;
        row.injected += 1;
        let begun = Instant::now();
        node = fixture.node(&[]).await?;
        row.recovered(begun.elapsed().as_secs_f64());
        let listed = listed(fixture, event).await?;
        row.expect([0, ROWS].contains(&listed), format!("{listed} of {ROWS} rows were on the list"));
        all += usize::from(listed == ROWS);
        none += usize::from(listed == 0);
        if status == Some(200) {
            row.acknowledged += ROWS;
            row.found += listed;
        }
        let browser = fixture.signed_in(&node.address).await?;
        let again = self::commit(&browser, &node.address, event, &import).await?;
        row.expect([200, 409].contains(&again), format!("the second commit responded with {again}"));
        let at_last = self::listed(fixture, event).await?;
        row.expect(at_last == ROWS, format!("after the second commit, {at_last} were on the list"));
        row.duplicates += at_last.saturating_sub(ROWS);
    }
    row.observed = format!("{all} times all, {none} none; retried: all, once");
    Ok(vec![row])
}

async fn listed(fixture: &Fixture, event: EventId) -> anyhow::Result<usize> {
    let count: i64 = sqlx::query_scalar("select count(*) from guests where event_id = $1 and deleted_at is null")
        .bind(event.0)
        .fetch_one(&mut fixture.database().await?)
        .await?;
    Ok(usize::try_from(count)?)
}

async fn upload(browser: &reqwest::Client, address: &str, event: EventId) -> anyhow::Result<String> {
    let rows: String = (0..ROWS).map(|n| format!("Guest {n},guest{n}@guests.example,+44791112{n:04},2\n")).collect();
    let file = reqwest::multipart::Part::bytes(format!("Name,Email,Phone,Seats\n{rows}").into_bytes());
    let form = reqwest::multipart::Form::new().text("country", "GB").part("file", file.file_name("guests.csv"));
    let request = browser.post(format!("http://{address}/dashboard/events/{event}/guests/import")).multipart(form);
    let response = request.header("accept", "text/html").send().await?;
    ensure!(response.status().is_redirection(), "upload: {}", response.status());
    let page = response.headers().get("location").and_then(|page| page.to_str().ok());
    Ok(page.and_then(|page| page.rsplit('/').next()).context("the upload leads nowhere")?.to_owned())
}

async fn commit(browser: &reqwest::Client, address: &str, event: EventId, import: &str) -> anyhow::Result<u16> {
    let form = [("event", event.to_string()), ("import", import.to_owned())];
    let request = browser.post(format!("http://{address}/api/imports/commit")).header("accept", "application/json");
    Ok(request.form(&form).send().await?.status().as_u16())
}
