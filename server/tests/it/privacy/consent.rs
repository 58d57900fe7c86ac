//! What hosts agree to, and to which version.

use guestguard::privacy::Document;
use sqlx::PgPool;

use crate::support::{App, sign_up_of};

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn nobody_opens_an_account_without_agreeing(db: PgPool) {
    let app = App::start(db).await;
    let fields: Vec<_> =
        sign_up_of("eve@example.org").into_iter().filter(|(name, _)| *name != "form[accepted]").collect();
    let nobody = app.anonymous();
    let page = nobody.post_and_follow("/api/auth/sign-up", "/sign-up", &fields).await.ok();
    assert!(page.contains("Please read both and tick the box") && page.contains("eve@example.org"), "{page}");
    assert_eq!(app.count("select count(*) from users").await, 0);
    assert_eq!(
        nobody.post("/api/auth/sign-up", "/sign-up", &sign_up_of("eve@example.org")).await.location(),
        "/sign-in"
    );
    assert_eq!(app.count("select count(*) from users where terms_accepted_at is not null").await, 1);
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn who_agreed_to_older_words_is_asked_on_every_page_until_they_agree(db: PgPool) {
    let app = App::start(db).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    assert!(!ana.get("/dashboard").await.ok().contains("accept-title"));
    sqlx::query("update users set terms_version = '2020-01-01'").execute(&app.backend.db).await.unwrap();
    for page in ["/dashboard".to_owned(), format!("/dashboard/events/{event}"), "/dashboard/account".to_owned()] {
        assert!(ana.get(&page).await.ok().contains("Our rules have a new version"), "{page}");
    }
    assert_eq!(ana.post("/api/privacy/accept", "/dashboard", &[]).await.location(), "/dashboard");
    assert!(!ana.get("/dashboard").await.ok().contains("accept-title"));
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn accept_terms_twice(db: PgPool) {
    let app = App::start(db).await;
    let ana = app.host("Ana").await;
    sqlx::query("update users set terms_version = null, terms_accepted_at = null")
        .execute(&app.backend.db)
        .await
        .unwrap();
    let first = ana.fetch("/me/accept-terms", &[]).await.ok();
    let told: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!(told["terms_version"], Document::Terms.current());
    assert_eq!(ana.fetch("/me/accept-terms", &[]).await.ok(), first, "the second time changes nothing");
    assert_eq!(app.anonymous().fetch("/me/accept-terms", &[]).await.status, 401);
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn the_documents_are_read_by_anybody_in_every_version_that_held_and_linked_from_every_page(db: PgPool) {
    let app = App::start(db).await;
    let nobody = app.anonymous();
    for (path, document) in [("/terms", Document::Terms), ("/privacy", Document::PrivacyPolicy)] {
        let page = nobody.get(path).await.ok();
        assert!(page.contains("awaits a lawyer") && page.matches("<h2>").count() >= 7, "{page}");
        for version in document.versions() {
            assert!(nobody.get(&format!("{path}?version={version}")).await.ok().contains(version));
        }
        assert_eq!(nobody.get(&format!("{path}?version=1999-01-01")).await.status, 404);
        assert!(nobody.get("/").await.ok().contains(&format!("href=\"{path}\"")));
    }
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Grace <grace@example.org>").await;
    ana.invite_all(event).await;
    let grace = ana.guests(event, "grace").await[0];
    let link = ana.link(event, grace).await;
    assert!(nobody.get(&link).await.ok().contains("href=\"/privacy\""));
    app.work().await;
    assert!(app.mails("grace@example.org").await[0].contains("/privacy"));
}
