use std::time::Duration;

use guestguard::notifications::outbox;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::support::{
    App, Settings,
    smtp::{Act, Scripted},
};

/// A server that takes its time, so that there is always something on its way.
async fn slow() -> Scripted {
    Scripted::acting(|_| Act::Drip).await
}

async fn sending(
    db: &PgPool,
    server: &Scripted,
    guests: usize,
) -> (App, crate::support::Actor, guestguard::ids::EventId) {
    let providers = vec![("GG_SMTP_URL", server.smtp_url.clone()), ("GG_WARM_UP", "off".into())];
    let app = App::start_with(db.clone(), Settings { providers, ..Settings::default() }).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let list: String = (0..guests).map(|n| format!("Guest {n} <guest{n}@example.org>\n")).collect();
    ana.paste(event, &list).await;
    ana.invite_all(event).await;
    (app, ana, event)
}

/// Waits until so many messages were taken.
async fn taken(server: &Scripted, many: usize) {
    tokio::time::timeout(Duration::from_secs(60), async {
        while server.accepted() < many {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn an_account_deleted_while_it_sends_sends_nothing_after_that(db: PgPool) {
    let server = slow().await;
    let (app, ana, _) = sending(&db, &server, 200).await;
    let stop = CancellationToken::new();
    let postmen: Vec<_> =
        (0..2).map(|_| tokio::spawn(outbox::run(app.backend.clone(), stop.clone().cancelled_owned()))).collect();
    taken(&server, 20).await;
    let gone = ana
        .post("/api/privacy/delete-account", "/dashboard/account/delete", &[("form[confirmation]", "ana@example.org")])
        .await;
    assert_eq!(gone.location(), "/sign-in");
    let then = server.accepted();
    assert!(then < 200, "it was over before it was deleted");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(server.accepted(), then, "something left after the account was gone");
    stop.cancel();
    for postman in postmen {
        postman.await.unwrap();
    }
    assert_eq!(app.count("select count(*) from notifications").await, 0);
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_guest_erased_while_the_host_sends_gets_nothing_after_that_and_the_others_get_theirs(db: PgPool) {
    let server = slow().await;
    let (app, ana, event) = sending(&db, &server, 60).await;
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
    let postman = tokio::spawn(outbox::run(app.backend.clone(), stop.clone().cancelled_owned()));
    taken(&server, 5).await;
    let mut erased = Vec::new();
    for (name, link) in guests[..6].iter().chain(guests[6..].iter().rev().step_by(3)) {
        let token = link.trim_start_matches("/i/");
        let before: (uuid::Uuid, String) = sqlx::query_as(
            "select n.id, n.state from notifications n join guests g on g.id = n.guest_id where g.name = $1",
        )
        .bind(name)
        .fetch_one(&db)
        .await
        .unwrap();
        app.anonymous().post("/api/privacy/erase", link, &[("token", token)]).await.location();
        let taken =
            |server: &Scripted| server.taken.lock().unwrap().keys().any(|id| id.contains(&before.0.to_string()));
        erased.push((before.0, taken(&server)));
    }
    while app.count("select count(*) from notifications where state in ('queued', 'sending')").await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    postman.await.unwrap();
    let mut kept_back = 0;
    for (id, before) in &erased {
        let after = server.taken.lock().unwrap().keys().any(|taken| taken.contains(&id.to_string()));
        assert_eq!(*before, after, "a message left after its guest was erased");
        kept_back += usize::from(!after);
    }
    assert!(kept_back > 0, "all were sent before anybody was erased");
    assert_eq!(server.accepted(), 60 - kept_back, "the others got theirs, once");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn while_a_guest_is_erased_the_hosts_messages_wait_and_then_leave(db: PgPool) {
    let server = Scripted::acting(|_| Act::Take).await;
    let (app, ana, event) = sending(&db, &server, 20).await;
    let guest = ana.guests(event, "Guest").await[0];
    let link = ana.link(event, guest).await;
    // Erasing has to wait for this row, in the middle of what it does.
    let mut holder = db.begin().await.unwrap();
    sqlx::query("select from guests where id = $1 for update").bind(guest.0).execute(&mut *holder).await.unwrap();
    let anonymous = app.anonymous();
    let erasing = tokio::spawn(async move {
        let token = link.trim_start_matches("/i/").to_owned();
        anonymous.post("/api/privacy/erase", &link, &[("token", &token)]).await.location()
    });
    let waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    tokio::time::timeout(Duration::from_secs(10), async {
        while app.count(waits).await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("erasing waits for the row");

    let stop = CancellationToken::new();
    let postman = tokio::spawn(outbox::run(app.backend.clone(), stop.clone().cancelled_owned()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.accepted(), 0, "something left while a guest was erased");
    holder.rollback().await.unwrap();
    erasing.await.unwrap();
    taken(&server, 19).await;
    while app.count("select count(*) from notifications where state in ('queued', 'sending')").await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    postman.await.unwrap();
    assert_eq!(server.accepted(), 19, "everybody but who was erased");
}
