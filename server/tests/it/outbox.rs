//! The outbox under faults: servers that misbehave, workers that are killed, providers that are unavailable.

use std::{collections::HashSet, process::Stdio, time::Duration};

use guestguard::{
    ids::EventId,
    notifications::{outbox, worker},
};
use sqlx::PgPool;

use crate::support::{
    Actor, App, Settings, eventually, eventually_within,
    node::{binary, redis, url},
    pass,
    smtp::{Act, Scripted},
};

fn smtp_settings(smtp_url: &str) -> Settings {
    let providers = vec![("GG_SMTP_URL", smtp_url.into()), ("GG_WARM_UP", "off".into())];
    Settings { providers, ..Settings::default() }
}

/// Invites `count` guests; their notifications wait.
async fn invited(host: &Actor, count: usize) -> EventId {
    let event = host.plan(&[]).await;
    let rows: String = (0..count).map(|n| format!("Guest {n},guest{n}@example.org\n")).collect();
    let import = host.bring(event, "guests.csv", format!("Name,Email\n{rows}").as_bytes()).await.to_string();
    let ids = [("event", &*event.to_string()), ("import", &*import)];
    host.post("/api/imports/commit", "/dashboard", &ids).await;
    host.invite_all(event).await;
    event
}

/// Sends until no message waits, without pauses between attempts.
async fn drain_all(app: &App) {
    for _ in 0..200 {
        // Closes the circuit again.
        app.backend.transports.email().record(None, app.backend.clock.now());
        app.outbox().make_due().await;
        worker::drain(&app.backend).await.unwrap();
        if app.outbox().unfinished().await == 0 {
            return;
        }
    }
    panic!("messages still wait");
}

/// A quarter of the emails fails.
fn flaky(number: usize) -> Act {
    match number % 24 {
        0 => Act::Close("421 4.3.2 going down"),
        4 => Act::Reject("450 4.2.1 mailbox busy"),
        8 => Act::Reject("550 5.1.1 no such user"),
        12 => Act::Reject("552 5.3.4 too large"),
        16 => Act::Drop,
        20 => Act::Drip,
        _ => Act::Accept,
    }
}

/// A worker process.
fn spawn_worker(app: &App, db: &PgPool, smtp_url: &str) -> tokio::process::Child {
    let mut command = binary(&url(db), &redis(), &["work"]);
    command.env("GG_SMTP_URL", smtp_url).env("GG_SECRET_KEY", &app.secret_key);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[apply(app_test)]
async fn a_flaky_server_gets_every_message_once_and_permanent_rejections_are_final(db: PgPool) {
    let server = Scripted::acting(flaky).await;
    let app = App::start_with(db, smtp_settings(&server.smtp_url)).await;
    let ana = app.host("Ana").await;
    invited(&ana, 200).await;
    drain_all(&app).await;
    let count = async |state: &str| usize::try_from(app.outbox().to_guests_in_state(state).await).unwrap();
    let (sent, bounced, failed) = (count("sent").await, count("bounced").await, count("failed").await);
    assert_eq!(sent + bounced + failed, 200, "each has one final state");
    assert!(sent > 150 && bounced > 2 && failed > 2, "{sent} {bounced} {failed}");
    assert_eq!(app.suppressions_for("hard-bounce").await, bounced as i64);
    assert!(app.outbox().most_attempts("bounced").await <= 3);
    let ids = server.accepted_ids.lock().unwrap().len();
    assert_eq!((ids, server.accepted()), (sent, sent), "once each");
}

#[apply(app_test)]
async fn a_domain_that_rejects_us_by_policy_is_deferred_and_no_address_is_suppressed(db: PgPool) {
    let server = Scripted::acting(|_| Act::Reject("550 5.7.26 unauthenticated sender")).await;
    let app = App::start_with(db, smtp_settings(&server.smtp_url)).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada, ada@strict.example\nBob, bob@strict.example\nCleo, cleo@strict.example").await;
    ana.invite_all(event).await;
    for _ in 0..3 {
        worker::drain(&app.backend).await.unwrap();
    }
    assert_eq!(app.outbox().due_after_minutes(50).await, 3, "they wait");
    assert_eq!(app.suppressions().await, 0);
    let outbox = outbox::status(&app.backend).await.unwrap();
    assert_eq!(outbox.deferred_domains, ["strict.example"]);
}

/// `GG_KILLS` and `GG_MAILS` make it longer.
#[apply(app_test)]
async fn killed_workers_lose_nothing_and_repeat_no_more_than_they_were_killed(db: PgPool) {
    let number = |name: &str, usual: usize| std::env::var(name).map_or(usual, |value| value.parse().unwrap());
    let (kills, emails) = (number("GG_KILLS", 8), number("GG_MAILS", 400));
    let server = Scripted::acting(|_| Act::Accept).await;
    let app = App::start_with(db.clone(), smtp_settings(&server.smtp_url)).await;
    let ana = app.host("Ana").await;
    invited(&ana, emails).await;
    let work = || spawn_worker(&app, &db, &server.smtp_url);
    let mut killed = 0;
    for round in 0..kills {
        let before = server.accepted();
        let mut worker = work();
        // It is killed some milliseconds after its first email.
        eventually(async || server.accepted() > before || app.outbox().is_drained().await).await;
        pass(Duration::from_millis(((round * 37) % 90) as u64)).await;
        worker.kill().await.unwrap();
        killed += 1;
        // Ends the leases of the dead worker, which would take a minute.
        app.outbox().expire_leases().await;
    }
    let mut last = work();
    eventually(async || app.outbox().is_drained().await).await;
    last.kill().await.unwrap();
    let ids: HashSet<String> = app.outbox().ids_in_state("sent").await.into_iter().collect();
    let accepted = server.accepted_ids.lock().unwrap().clone();
    assert_eq!((ids.len(), accepted.len()), (emails, emails), "none is lost");
    assert!(accepted.keys().all(|id| ids.contains(id.trim_matches(['<', '>']).split('@').next().unwrap())));
    let repeats = accepted.values().sum::<usize>() - emails;
    println!("{killed} kills, {emails} mails, {repeats} repeated");
    assert!(repeats <= killed, "{repeats} repeated after {killed} kills");
    assert_eq!(app.guests_not_in_status("sent").await, 0, "and the list says so");
}

#[apply(app_test)]
async fn a_long_list_of_one_host_does_not_keep_another_waiting(app: App) {
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    invited(&ana, 300).await;
    invited(&ben, 3).await;
    worker::drain(&app.backend).await.unwrap();
    let place = app.outbox().place_of_last("Ben").await;
    assert!(place <= 40, "the last of three came out as number {place} of 303");
}

#[apply(app_test)]
async fn a_paused_outbox_keeps_everything_and_a_paused_host_only_their_invitations(app: App) {
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    invited(&ana, 3).await;
    invited(&ben, 3).await;
    outbox::pause(&app.backend, "looking into it").await.unwrap();
    assert_eq!(worker::drain(&app.backend).await.unwrap(), 0);
    assert_eq!(outbox::paused(&app.backend.db).await.unwrap().as_deref(), Some("looking into it"));
    outbox::resume(&app.backend).await.unwrap();
    app.pause_sending_of("Ana").await;
    assert_eq!(worker::drain(&app.backend).await.unwrap(), 3);
    app.anonymous().post("/api/auth/request-reset", "/forgot", &[("form[email]", "ana@example.org")]).await;
    app.work().await;
    assert_eq!(app.outbox().sent_of_kind("reset").await, 1);
    assert_eq!(app.outbox().in_state("queued").await, 3);
}

/// In real time, with the pauses between attempts: 2,000 emails through a flaky server, and one whose worker died.
/// `cargo test -p server --test it in_real_time -- --ignored --nocapture`
#[apply(app_test)]
#[ignore = "measures, for up to ten minutes"]
async fn every_message_is_finished_in_real_time(db: PgPool) {
    let server = Scripted::acting(flaky).await;
    let app = App::start_with(db.clone(), smtp_settings(&server.smtp_url)).await;
    let ana = app.host("Ana").await;
    invited(&ana, 2_001).await;
    let abandoned = app.outbox().abandon_one().await;
    let begun = std::time::Instant::now();
    let mut worker = spawn_worker(&app, &db, &server.smtp_url);
    let mut recovered = None;
    eventually_within(Duration::from_secs(900), async || {
        if recovered.is_none() && app.outbox().was_attempted(abandoned).await {
            recovered = Some(begun.elapsed());
        }
        app.outbox().is_drained().await
    })
    .await;
    println!("all finished after {:.0?}; the abandoned one was retried after {recovered:.0?}", begun.elapsed());
    worker.kill().await.unwrap();
    assert!(recovered.is_some());
    assert!(server.accepted_ids.lock().unwrap().values().all(|times| *times == 1), "once each");
}
