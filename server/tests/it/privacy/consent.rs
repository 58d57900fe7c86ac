//! Consent: legal documents and their versions.

use guestguard::legal::LegalDocument;
use sqlx::PgPool;

use crate::support::{App, Settings, sign_up_of};

#[apply(app_test)]
async fn a_sign_up_requires_consent(app: App) {
    let fields: Vec<_> =
        sign_up_of("eve@example.org").into_iter().filter(|(name, _)| *name != "form[accepted]").collect();
    let nobody = app.anonymous();
    let page = nobody.post_and_follow("/api/auth/sign-up", "/sign-up", &fields).await.ok();
    assert!(page.contains("Please accept the terms to continue.") && page.contains("eve@example.org"), "{page}");
    assert_eq!(app.accounts().await, 0);
    assert_eq!(
        nobody.post("/api/auth/sign-up", "/sign-up", &sign_up_of("eve@example.org")).await.location(),
        "/sign-in"
    );
    assert_eq!(app.accounts_that_agreed().await, 1);
}

#[apply(app_test)]
async fn a_new_version_asks_for_consent_on_every_page(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    assert!(!ana.get("/dashboard").await.ok().contains("accept-title"));
    app.set_agreed_terms(Some("2020-01-01")).await;
    for page in ["/dashboard".to_owned(), format!("/dashboard/events/{event}"), "/dashboard/account".to_owned()] {
        assert!(ana.get(&page).await.ok().contains("ve updated our terms"), "{page}");
    }
    assert_eq!(ana.post("/api/privacy/accept", "/dashboard", &[]).await.location(), "/dashboard");
    assert!(!ana.get("/dashboard").await.ok().contains("accept-title"));
}

#[apply(app_test)]
async fn accept_terms_twice(app: App) {
    let ana = app.host("Ana").await;
    app.set_agreed_terms(None).await;
    let first = ana.fetch("/me/accept-terms", &[]).await.ok();
    let accepted: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!(accepted["terms_version"], LegalDocument::Terms.current());
    assert_eq!(ana.fetch("/me/accept-terms", &[]).await.ok(), first, "the second time changes nothing");
    assert_eq!(app.anonymous().fetch("/me/accept-terms", &[]).await.status, 401);
}

#[apply(app_test)]
async fn every_version_of_the_documents_is_public_and_linked_from_every_page(app: App) {
    let nobody = app.anonymous();
    for (path, document) in [("/terms", LegalDocument::Terms), ("/privacy", LegalDocument::PrivacyPolicy)] {
        let page = nobody.get(path).await.ok();
        assert!(page.contains("Last updated 26 November 2026.") && page.matches("<h2>").count() >= 7, "{page}");
        for version in document.versions() {
            let date = version.parse::<chrono::NaiveDate>().unwrap().format("%-d %B %Y").to_string();
            assert!(nobody.get(&format!("{path}?version={version}")).await.ok().contains(&date));
        }
        assert_eq!(nobody.get(&format!("{path}?version=1999-01-01")).await.status, 404);
        assert!(nobody.get("/").await.ok().contains(&format!("href=\"{path}\"")));
    }
    let link = app.invited_guest("Grace <grace@example.org>").await.link;
    assert!(nobody.get(&link).await.ok().contains("href=\"/privacy\""));
    app.work().await;
    assert!(app.emails("grace@example.org").await[0].contains("/privacy"));
}

#[apply(app_test)]
async fn the_operators_own_documents_replace_the_built_in_ones(db: PgPool) {
    let [terms, privacy_policy] = ["https://legal.example/terms", "https://legal.example/privacy"];
    let providers = vec![("GG_TERMS_URL", terms.to_owned()), ("GG_PRIVACY_POLICY_URL", privacy_policy.to_owned())];
    let app = App::start_with(db, Settings { providers, ..Settings::default() }).await;
    let nobody = app.anonymous();
    for (path, url) in [("/terms", terms), ("/privacy", privacy_policy)] {
        let redirect = nobody.get(path).await;
        assert!(redirect.status.is_redirection() && redirect.header("location") == url, "{path}: {}", redirect.status);
        for page in ["/", "/sign-up"] {
            let page = nobody.get(page).await.ok();
            assert!(page.contains(&format!("href=\"{url}\"")) && !page.contains(&format!("href=\"{path}\"")), "{page}");
        }
        let accepted = nobody.get(&format!("{path}?version={}", LegalDocument::Terms.current())).await;
        assert!(accepted.ok().contains("Last updated"), "the built-in version that somebody accepted stays readable");
    }
}
