//! Tests of consent; submodules test erasure, export and retention.

mod erasure;
mod export;
mod retention;

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{actions::accept, queries::consent};
use crate::{auth, legal::LegalDocument, testing};

#[test]
fn versions_stand_newest_first_and_each_is_a_day() {
    for document in [LegalDocument::Terms, LegalDocument::PrivacyPolicy] {
        let versions = document.versions();
        assert!(versions.is_sorted_by(|a, b| a > b));
        assert!(versions.iter().all(|version| version.parse::<chrono::NaiveDate>().is_ok()));
        assert_eq!(document.current(), versions[0]);
    }
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn accept_terms_twice_keeps_the_first_time_and_a_new_version_asks_again(db: PgPool) {
    let backend = testing::stopped(db).await;
    let ana = testing::host(&backend, "Ana").await;
    let ben = testing::host(&backend, "Ben").await;
    let signed_up = consent(&backend, &ana).await.unwrap();
    assert_eq!(signed_up.terms_version.as_deref(), Some(LegalDocument::Terms.current()));
    assert_eq!(signed_up.terms_accepted_at, Some(testing::start()));
    assert!(ana.has_accepted());

    backend.clock.set(testing::start() + TimeDelta::hours(1));
    accept(&backend, &ana).await.unwrap();
    assert_eq!(consent(&backend, &ana).await.unwrap(), signed_up, "agreed once is agreed");

    // As for an account from before this version, or from before there was any.
    for before in ["terms_version = '2020-01-01'", "terms_version = null, terms_accepted_at = null"] {
        let sql = format!("update users set {before} where email = 'ana@example.org'");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&backend.db).await.unwrap();
        let again = auth::queries::signed_in(&backend, ana.session()).await.unwrap().unwrap();
        assert!(!again.has_accepted());
        accept(&backend, &again).await.unwrap();
        let now = consent(&backend, &again).await.unwrap();
        assert_eq!(now.terms_accepted_at, Some(testing::start() + TimeDelta::hours(1)));
        assert_eq!(now.privacy_policy_accepted_at, Some(testing::start()), "that one was not new");
        assert!(auth::queries::signed_in(&backend, ana.session()).await.unwrap().unwrap().has_accepted());
    }
    assert_eq!(consent(&backend, &ben).await.unwrap().terms_accepted_at, Some(testing::start()));
}
