//! The outbox under faults: servers that misbehave, workers that are killed, providers that are unavailable.

use std::{collections::HashSet, process::Stdio, time::Duration};

use guestguard::{ids::EventId, notifications::outbox};
use sqlx::PgPool;

use crate::support::{
    Actor, App, Settings,
    node::{binary, redis, url},
    smtp::{Act, Scripted},
};

fn through(smtp_url: &str) -> Settings {
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

/// Sends until nothing waits, without the delays between attempts.
async fn drain_all(app: &App) {
    for _ in 0..200 {
        // Closes the circuits again.
        app.backend.transports.reset_breakers();
        sqlx::query("update notifications set run_at = now()").execute(&app.backend.db).await.unwrap();
        outbox::drain(&app.backend).await.unwrap();
        if app.count("select count(*) from notifications where state in ('queued', 'sending')").await == 0 {
            return;
        }
    }
    panic!("messages still wait");
}

/// A quarter of the messages fails.
fn flaky(number: usize) -> Act {
    match number % 24 {
        0 => Act::Leave("421 4.3.2 going down"),
        4 => Act::Refuse("450 4.2.1 mailbox busy"),
        8 => Act::Refuse("550 5.1.1 no such user"),
        12 => Act::Refuse("552 5.3.4 too large"),
        16 => Act::Drop,
        20 => Act::Drip,
        _ => Act::Take,
    }
}

/// A process that does nothing but send.
fn spawn_worker(app: &App, db: &PgPool, smtp_url: &str) -> tokio::process::Child {
    let mut command = binary(&url(db), &redis(), &["work"]);
    command.env("GG_SMTP_URL", smtp_url).env("GG_SECRET_KEY", &app.secret_key);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

const WAITING: &str =
    "select count(*) from notifications where state in ('queued', 'sending') or lease_owner is not null";

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_flaky_server_gets_every_message_once_and_permanent_rejections_are_final(db: PgPool) {
    let server = Scripted::acting(flaky).await;
    let app = App::start_with(db, through(&server.smtp_url)).await;
    let ana = app.host("Ana").await;
    invited(&ana, 200).await;
    drain_all(&app).await;
    let count = async |state: &str| -> usize {
        let query = "select count(*) from notifications where state = $1 and guest_id is not null";
        let count: i64 = sqlx::query_scalar(query).bind(state).fetch_one(&app.backend.db).await.unwrap();
        count.try_into().unwrap()
    };
    let (sent, bounced, failed) = (count("sent").await, count("bounced").await, count("failed").await);
    assert_eq!(sent + bounced + failed, 200, "each came to one end");
    assert!(sent > 150 && bounced > 2 && failed > 2, "{sent} {bounced} {failed}");
    assert_eq!(app.count("select count(*) from suppressions where reason = 'hard-bounce'").await, bounced as i64);
    assert_eq!(app.count("select count(*) from notifications where state = 'bounced' and attempts > 3").await, 0);
    let ids = server.taken.lock().unwrap().len();
    assert_eq!((ids, server.accepted()), (sent, sent), "once each");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_domain_that_rejects_us_by_policy_is_deferred_and_no_address_is_suppressed(db: PgPool) {
    let server = Scripted::acting(|_| Act::Refuse("550 5.7.26 unauthenticated sender")).await;
    let app = App::start_with(db, through(&server.smtp_url)).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada, ada@strict.example\nBob, bob@strict.example\nCleo, cleo@strict.example").await;
    ana.invite_all(event).await;
    for _ in 0..3 {
        outbox::drain(&app.backend).await.unwrap();
    }
    let deferred =
        "select count(*) from notifications where state = 'queued' and run_at > now() + interval '50 minutes'";
    assert_eq!(app.count(deferred).await, 3, "they wait");
    assert_eq!(app.count("select count(*) from suppressions").await, 0);
    let outbox = outbox::status(&app.backend).await.unwrap();
    assert_eq!(outbox.deferred_domains, ["strict.example"]);
}

/// Workers that are killed at any moment. `GG_KILLS` and `GG_MAILS` make it longer.
#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn killed_workers_lose_nothing_and_repeat_no_more_than_they_were_killed(db: PgPool) {
    let number = |name: &str, usual: usize| std::env::var(name).map_or(usual, |value| value.parse().unwrap());
    let (kills, mails) = (number("GG_KILLS", 8), number("GG_MAILS", 400));
    let server = Scripted::acting(|_| Act::Take).await;
    let app = App::start_with(db.clone(), through(&server.smtp_url)).await;
    let ana = app.host("Ana").await;
    invited(&ana, mails).await;
    let work = || spawn_worker(&app, &db, &server.smtp_url);
    let mut killed = 0;
    for round in 0..kills {
        let before = server.accepted();
        let mut worker = work();
        // Killed some milliseconds after its first message.
        for _ in 0..500 {
            if server.accepted() > before || app.count(WAITING).await == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(((round * 37) % 90) as u64)).await;
        worker.kill().await.unwrap();
        killed += 1;
        // Ends the leases of the dead worker, which would take a minute.
        let end = "update notifications set lease_until = now() - interval '1 second' where lease_owner is not null";
        sqlx::query(end).execute(&app.backend.db).await.unwrap();
    }
    let mut last = work();
    for _ in 0..600 {
        if app.count(WAITING).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    last.kill().await.unwrap();
    let ids: HashSet<String> = sqlx::query_scalar("select id::text from notifications where state = 'sent'")
        .fetch_all(&app.backend.db)
        .await
        .unwrap()
        .into_iter()
        .collect();
    let taken = server.taken.lock().unwrap().clone();
    assert_eq!((ids.len(), taken.len()), (mails, mails), "none is lost");
    assert!(taken.keys().all(|id| ids.contains(id.trim_matches(['<', '>']).split('@').next().unwrap())));
    let repeats = taken.values().sum::<usize>() - mails;
    println!("{killed} kills, {mails} mails, {repeats} repeated");
    assert!(repeats <= killed, "{repeats} repeated after {killed} kills");
    assert_eq!(app.count("select count(*) from guests where status <> 'sent'").await, 0, "and the list says so");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_long_list_of_one_host_does_not_keep_another_waiting(db: PgPool) {
    let app = App::start(db).await;
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    invited(&ana, 300).await;
    invited(&ben, 3).await;
    outbox::drain(&app.backend).await.unwrap();
    let place = "with sent as (
            select kind, host_id, row_number() over (order by sent_at, id) as place from notifications
            where guest_id is not null and state = 'sent')
        select max(place) from sent where host_id = (select id from users where name = 'Ben')";
    let place = app.count(place).await;
    assert!(place <= 40, "the last of three came out as number {place} of 303");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_paused_outbox_keeps_everything_and_a_paused_host_only_their_invitations(db: PgPool) {
    let app = App::start(db).await;
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    invited(&ana, 3).await;
    invited(&ben, 3).await;
    outbox::pause(&app.backend, "looking into it").await.unwrap();
    assert_eq!(outbox::drain(&app.backend).await.unwrap(), 0);
    assert_eq!(outbox::paused(&app.backend.db).await.unwrap().as_deref(), Some("looking into it"));
    outbox::resume(&app.backend).await.unwrap();
    let pause = "update users set sending_paused = 'bounces' where name = 'Ana'";
    sqlx::query(pause).execute(&app.backend.db).await.unwrap();
    assert_eq!(outbox::drain(&app.backend).await.unwrap(), 3);
    app.anonymous().post("/api/auth/request-reset", "/forgot", &[("form[email]", "ana@example.org")]).await;
    app.work().await;
    assert_eq!(app.count("select count(*) from notifications where kind = 'reset' and state = 'sent'").await, 1);
    assert_eq!(app.count("select count(*) from notifications where state = 'queued'").await, 3);
}

/// In real time, pauses between tries included: 2,000 emails through a flaky server, and one whose worker died.
/// `cargo test -p server --test it in_real_time -- --ignored --nocapture`
#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
#[ignore = "measures, for up to ten minutes"]
async fn everything_comes_to_its_end_in_real_time(db: PgPool) {
    let server = Scripted::acting(flaky).await;
    let app = App::start_with(db.clone(), through(&server.smtp_url)).await;
    let ana = app.host("Ana").await;
    invited(&ana, 2_001).await;
    let died =
        "update notifications set state = 'sending', lease_owner = id, lease_until = now() + interval '60 seconds'
        where id = (select min(id::text)::uuid from notifications) returning id::text";
    let left: String = sqlx::query_scalar(died).fetch_one(&db).await.unwrap();
    let begun = std::time::Instant::now();
    let mut worker = spawn_worker(&app, &db, &server.smtp_url);
    let mut taken_up = None;
    while app.count(WAITING).await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(900), "messages still wait");
        let tried = "select count(*) from notifications where id::text = $1 and attempts > 0";
        let tried: i64 = sqlx::query_scalar(tried).bind(&left).fetch_one(&db).await.unwrap();
        if tried > 0 && taken_up.is_none() {
            taken_up = Some(begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("all at their end after {:.0?}; the one left behind was taken up after {taken_up:.0?}", begun.elapsed());
    worker.kill().await.unwrap();
    assert!(taken_up.is_some());
    assert!(server.taken.lock().unwrap().values().all(|times| *times == 1), "once each");
}
