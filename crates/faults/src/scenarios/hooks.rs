//! F10: duplicate provider webhooks.

use std::time::{Duration, Instant};

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use guestguard::{
    clock::Clock,
    ids::{NotificationId, UserId},
    notifications::reference::Reference,
};
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;
use testkit::wait::until;

use super::{Row, Scale};
use crate::fixture::{Fixture, client};

const SECRET: &str = "C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A provider sends one event twenty times at once to two nodes, and then a hundred times more.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    fixture.cancel_messages().await?;
    let mut row = Row::new("F10", "one provider event, 20 at once, then 100 times, two nodes");
    let secrets = format!("whsec_{SECRET}");
    let settings = [("GG_RESEND_WEBHOOK_SECRETS", secrets.as_str())];
    let nodes = [fixture.node(&settings).await?, fixture.node(&settings).await?];
    let (event, _) = fixture.invited(scale.of(2, 20)).await?;
    let _worker = fixture.worker().await?;
    let waiting = "select count(*) from notifications where state in ('queued', 'sending')";
    until(Duration::from_secs(120), async || Ok(fixture.count(waiting).await? == 0)).await?;
    let notifications: Vec<(UserId, NotificationId)> =
        sqlx::query_as("select host_id, id from notifications where event_id = $1")
            .bind(event.0)
            .fetch_all(&mut fixture.database().await?)
            .await?;
    let before = fixture.count("select count(*) from webhook_events").await?;
    let begun = Instant::now();
    let mut sent = 0;
    for (number, (host, id)) in notifications.iter().enumerate() {
        let reference = Reference { host: *host, id: *id };
        let data = json!({ "email_id": id.to_string(), "tags": { "reference": reference.to_string() } });
        let body =
            json!({ "type": "email.delivered", "created_at": "2026-11-24T10:00:00.000Z", "data": data }).to_string();
        let (key, time) = (format!("event-{id}"), Clock::System.now().timestamp().to_string());
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&BASE64_STANDARD.decode(SECRET)?).context("the secret")?;
        mac.update(format!("{key}.{time}.{body}").as_bytes());
        let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        let browser = client();
        let send = |at: usize| {
            let request = browser.post(format!("http://{}/webhooks/resend", nodes[at % 2].address)).body(body.clone());
            request.header("svix-id", &key).header("svix-timestamp", &time).header("svix-signature", &signature).send()
        };
        let mut responses = futures::future::try_join_all((0..20).map(send)).await?;
        for at in 0..scale.of(10, 100) {
            responses.push(send(at).await?);
        }
        sent += responses.len();
        let rejected = responses.iter().filter(|response| response.status() != 200).count();
        row.expect(rejected == 0, format!("event {number} was rejected {rejected} times"));
    }
    row.injected = sent;
    row.acknowledged = notifications.len();
    row.found = usize::try_from(fixture.count("select count(*) from webhook_events").await? - before)?;
    let twice = "select count(*) - count(distinct notification_id) from delivery_events where status = 'delivered'";
    row.duplicates = usize::try_from(fixture.count(twice).await?)?;
    row.expect(row.duplicates == 0 && row.found == row.acknowledged, "an event had more than one effect");
    row.observed = format!("one effect each; {:.1} ms per event", begun.elapsed().as_secs_f64() * 1000.0 / sent as f64);
    Ok(vec![row])
}
