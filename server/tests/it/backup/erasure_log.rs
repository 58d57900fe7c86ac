//! Erasure log: suppressions and erasures after a backup survive its restore.

use sqlx::PgPool;

use super::{restored, seeded};
use crate::support::{
    App, Settings,
    backups::{Place, scratch},
    node::url,
    probes::Database,
};

/// A node that ships its erasure log to the store.
async fn node(db: PgPool, place: &Place) -> App {
    App::start_with(db, Settings { providers: place.settings(), ..Settings::default() }).await
}

async fn ship(app: &App) {
    app.jobs().add("ship_erasure_log").await;
    app.work().await;
    assert_eq!(app.erasure_log().await, 0, "everything was shipped");
}

#[apply(app_test)]
async fn suppressions_and_erasures_after_the_backup_are_applied_again(db: PgPool) {
    let place = Place::folder();
    let app = node(db.clone(), &place).await;
    let ana = app.host("ana").await;
    let event = ana.plan(&[]).await;
    let party = ana.plan(&[("form[title]", "Another party")]).await;
    ana.paste(party, "Somebody Else").await;
    ana.paste(event, "Grace Hopper <grace@example.org>\nAda Lovelace <ada@example.org>\nQuiet One <quiet@example.org>")
        .await;
    app.suppress("lifted@example.org", "hard-bounce").await;
    ship(&app).await;
    ana.invite_all(event).await;
    app.anonymous().post("/api/auth/request-reset", "/forgot", &[("form[email]", "ana@example.org")]).await;
    place.back_up(&db).await;

    // The database is lost with all of this. Only the erasure log has it.
    app.suppress("quiet@example.org", "unsubscribed").await;
    app.unsuppress("lifted@example.org").await;
    let grace = ana.guests(event, "grace").await[0];
    app.remove_two_days_ago(grace).await;
    guestguard::guests::actions::purge_deleted(&app.backend).await.unwrap();
    ana.post("/api/events/delete", "/dashboard", &[("event", &party.to_string())]).await.location();
    ship(&app).await;

    let copy = scratch(&db).await;
    let into = ["restore", "--from", "latest", "--into", &copy.url, "--json"];
    let ran = place.command(&url(&db), &into).env("GG_SECRET_KEY", &app.secret_key).output().await.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let result: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!((result["erased_again"].as_u64(), result["sessions_ended"].as_u64()), (Some(2), Some(1)));
    let there = PgPool::connect(&copy.url).await.unwrap();
    assert_eq!(Database(&there).suppressed_addresses().await, ["quiet@example.org"]);
    assert_eq!(Database(&there).guest_names().await, ["Ada Lovelace", "Quiet One"]);
    assert_eq!(Database(&there).erasure_log().await, 0, "applied entries are not logged again");

    // The copy serves. Nobody is signed in, old password links do not work, and no email leaves.
    let again =
        App::start_with(there.clone(), Settings { secret_key: Some(app.secret_key.clone()), ..Settings::default() })
            .await;
    let old = ana.on(&again.address.to_string());
    assert!(old.get("/dashboard").await.location().starts_with("/sign-in"));
    assert_eq!(again.unused_account_tokens().await, 0);
    again.work().await;
    assert_eq!(again.emails("ada@example.org").await.len(), 0, "the outbox is paused");
    assert!(again.outbox().in_state("queued").await > 0);
    // The operator cancels the waiting messages.
    let ran =
        place.command(&copy.url, &["outbox", "cancel"]).env("GG_SECRET_KEY", &app.secret_key).output().await.unwrap();
    assert!(ran.status.success() && String::from_utf8_lossy(&ran.stdout).contains("Cancelled"));
    let ran =
        place.command(&copy.url, &["outbox", "resume"]).env("GG_SECRET_KEY", &app.secret_key).output().await.unwrap();
    assert!(ran.status.success());
    again.work().await;
    assert_eq!(again.emails("ada@example.org").await.len(), 0);
    again.stop();
    there.close().await;
    copy.remove().await.unwrap();
}

#[apply(app_test)]
async fn a_point_in_time_recovery_is_made_safe_too(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    Database(&db).revive_sessions().await;
    let ran = place.run(&url(&db), &["restore-verify"]).await;
    assert!(ran.code == 3 && ran.stdout.contains("FAILED  restore-noted"), "{}{}", ran.stdout, ran.stderr);
    let ran = place.run(&url(&db), &["restore", "--from", "recovery", "--into", &url(&db)]).await;
    assert!(ran.code == 0 && ran.stdout.contains("Sessions ended: 1."), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(place.run(&url(&db), &["restore-verify"]).await.code, 0);
}

#[apply(app_test)]
async fn an_unreadable_erasure_log_stops_the_restore_before_it_begins(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    place.back_up(&db).await;
    std::fs::create_dir_all(place.path("erasure-log/2027")).unwrap();
    place.write("erasure-log/2027/x.json", "{\"table\":\"suppressions\",\"gone\":false");
    let copy = scratch(&db).await;
    place
        .run(&url(&db), &["restore", "--from", "latest", "--into", &copy.url])
        .await
        .fails_with(1, "erasure-log/2027/x.json is damaged");
    assert_eq!(crate::support::backups::tables(&copy.url).await, 0);
    copy.remove().await.unwrap();
    // A check finds that another GG_SECRET_KEY sealed the links.
    std::fs::remove_file(place.path("erasure-log/2027/x.json")).unwrap();
    let copy = restored(&db, &place, "latest").await;
    let other = guestguard::secrets::random_token().unwrap();
    let ran = place.command(&copy.url, &["restore-verify"]).env("GG_SECRET_KEY", other).output().await.unwrap();
    assert_eq!(ran.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&ran.stdout).contains("FAILED  key: GG_SECRET_KEY opens the sealed links"));
    copy.remove().await.unwrap();
}

#[apply(app_test)]
async fn the_last_change_to_an_address_wins_whatever_was_shipped(db: PgPool) {
    let place = Place::folder();
    let app = node(db.clone(), &place).await;
    app.suppress("x@example.org", "unsubscribed").await;
    ship(&app).await;
    app.unsuppress("x@example.org").await;
    ship(&app).await;
    app.suppress("x@example.org", "unsubscribed").await;
    // The last entry is not shipped yet. The shipped removal must not win over it.
    let mut command = place.command(&url(&db), &["restore", "--from", "recovery", "--into", &url(&db)]);
    let ran = command.env("GG_SECRET_KEY", &app.secret_key).output().await.unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert_eq!(app.suppressions().await, 1);
    // A backup ships the rest.
    let backed = place.command(&url(&db), &["backup"]).output().await.unwrap();
    assert!(backed.status.success());
    assert_eq!(app.erasure_log().await, 0);
    let entries = guestguard::backup::erasure_log::read(&app.services.backups.as_ref().unwrap().store).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.gone).collect::<Vec<_>>(), [false, true, false]);
}

#[apply(app_test)]
async fn a_refused_backup_ships_no_erasure_log(db: PgPool) {
    let place = Place::folder();
    let app = App::start(db.clone()).await;
    place.back_up(&db).await;
    let copy = restored(&db, &place, "latest").await;
    assert_eq!(place.run(&copy.url, &["backup"]).await.code, 0);
    app.suppress("x@example.org", "unsubscribed").await;
    place.run(&url(&db), &["backup"]).await.fails_with(1, "stop every process that still uses this database");
    assert_eq!(app.erasure_log().await, 1);
    assert!(!place.path("erasure-log").exists(), "the store has the log of the other database only");
    copy.remove().await.unwrap();
}
