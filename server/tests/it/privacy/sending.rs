//! Erasure while messages are sent.

use guestguard::{ids::EventId, notifications::worker};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::support::{
    Actor, App, Settings, eventually,
    smtp::{Act, Scripted},
};

/// A slow server, so that emails are always in flight.
async fn slow() -> Scripted {
    Scripted::acting(|_| Act::Drip).await
}

async fn node(db: &PgPool, server: &Scripted) -> App {
    let providers = vec![("GG_SMTP_URL", server.smtp_url.clone()), ("GG_WARM_UP", "off".into())];
    App::start_with(db.clone(), Settings { providers, ..Settings::default() }).await
}

/// Ana invites that many guests to an event.
async fn invited(app: &App, guests: usize) -> (Actor, EventId) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let list: String = (0..guests).map(|n| format!("Guest {n} <guest{n}@example.org>\n")).collect();
    ana.paste(event, &list).await;
    ana.invite_all(event).await;
    (ana, event)
}

/// Waits until the server has accepted so many emails.
async fn accepted(server: &Scripted, many: usize) {
    eventually(async || server.accepted() >= many).await;
}

#[apply(app_test)]
async fn an_account_deleted_while_it_sends_sends_nothing_after_that(db: PgPool) {
    let server = slow().await;
    let app = node(&db, &server).await;
    let (ana, _) = invited(&app, 200).await;
    let stop = CancellationToken::new();
    let workers: Vec<_> =
        (0..2).map(|_| tokio::spawn(worker::run(app.backend.clone(), stop.clone().cancelled_owned()))).collect();
    accepted(&server, 20).await;
    let gone = ana
        .post("/api/privacy/delete-account", "/dashboard/account/delete", &[("form[confirmation]", "ana@example.org")])
        .await;
    assert_eq!(gone.location(), "/sign-in");
    let then = server.accepted();
    assert!(then < 200, "all were sent before the account was deleted");
    assert_eq!(worker::drain(&app.backend).await.unwrap(), 0, "nothing is left to send");
    stop.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(server.accepted(), then, "an email was sent after the account was deleted");
    assert_eq!(app.outbox().count().await, 0);
}

#[apply(app_test)]
async fn a_guest_erased_while_the_host_sends_gets_nothing_after_that_and_the_others_get_theirs(db: PgPool) {
    let server = slow().await;
    let app = node(&db, &server).await;
    let (ana, event) = invited(&app, 60).await;
    let guests: Vec<(String, String)> = {
        let mut links = Vec::new();
        for guest in ana.guests(event, "Guest").await {
            let name = ana.get(&format!("/dashboard/events/{event}/guests/{guest}")).await.ok();
            let name = name.split("<h1>").nth(1).unwrap().split('<').next().unwrap().to_owned();
            links.push((name, ana.link(event, guest).await));
        }
        links
    };
    let stop = CancellationToken::new();
    let worker = tokio::spawn(worker::run(app.backend.clone(), stop.clone().cancelled_owned()));
    accepted(&server, 5).await;
    let mut erased = Vec::new();
    for (name, link) in guests[..6].iter().chain(guests[6..].iter().rev().step_by(3)) {
        let token = link.trim_start_matches("/i/");
        let message = app.outbox().id_for(name).await;
        app.anonymous().post("/api/privacy/erase", link, &[("token", token)]).await.location();
        let is_sent =
            |server: &Scripted| server.accepted_ids.lock().unwrap().keys().any(|id| id.contains(&message.to_string()));
        erased.push((message, is_sent(&server)));
    }
    eventually(async || app.outbox().unfinished().await == 0).await;
    stop.cancel();
    worker.await.unwrap();
    let mut unsent = 0;
    for (id, before) in &erased {
        let after = server.accepted_ids.lock().unwrap().keys().any(|sent| sent.contains(&id.to_string()));
        assert_eq!(*before, after, "an email was sent after its guest was erased");
        unsent += usize::from(!after);
    }
    assert!(unsent > 0, "all were sent before anybody was erased");
    assert_eq!(server.accepted(), 60 - unsent, "the others got theirs, once");
}

#[apply(app_test)]
async fn while_a_guest_is_erased_the_hosts_messages_wait_and_are_sent_afterwards(db: PgPool) {
    let server = Scripted::acting(|_| Act::Accept).await;
    let app = node(&db, &server).await;
    let ben = app.host("Ben").await;
    let bens = ben.plan(&[]).await;
    ben.paste(bens, "Cleo <cleo@example.org>").await;
    let (ana, event) = invited(&app, 20).await;
    let guest = ana.guests(event, "Guest").await[0];
    let link = ana.link(event, guest).await;
    // The erasure has to wait for this row half-way.
    let lock = app.lock_guest(guest).await;
    let anonymous = app.anonymous();
    let erasing = tokio::spawn(async move {
        let token = link.trim_start_matches("/i/").to_owned();
        anonymous.post("/api/privacy/erase", &link, &[("token", &token)]).await.location()
    });
    eventually(async || app.lock_waits().await > 0).await;

    let stop = CancellationToken::new();
    let worker = tokio::spawn(worker::run(app.backend.clone(), stop.clone().cancelled_owned()));
    eventually(async || app.outbox().in_state("sending").await > 0).await;
    // Ana's messages are claimed and wait. Ben's, claimed later, is sent.
    ben.invite_all(bens).await;
    eventually(async || app.outbox().sent_to("cleo@example.org").await == 1).await;
    assert_eq!(server.accepted(), 1, "an email was sent while a guest was erased");
    lock.rollback().await.unwrap();
    erasing.await.unwrap();
    accepted(&server, 20).await;
    eventually(async || app.outbox().unfinished().await == 0).await;
    stop.cancel();
    worker.await.unwrap();
    assert_eq!(server.accepted(), 20, "Ben's guest, and all of Ana's but the one who was erased");
}
