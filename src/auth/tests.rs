use sqlx::PgPool;

use super::{SignInForm, SignUpForm, actions, queries};
use crate::{error::Error, fields::Fault, ids::UserId, problem::Problem, testing};

fn sign_up(email: &str) -> SignUpForm {
    SignUpForm { name: "Ada".into(), email: email.into(), password: "correct horse battery".into() }
}

fn faults<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<(String, Fault)> {
    match result {
        Err(Error::Problem(Problem::Invalid(faults))) => faults.into_iter().map(|f| (f.field, f.fault)).collect(),
        other => panic!("must be refused: {other:?}"),
    }
}

#[sqlx::test]
async fn every_bad_field_of_a_sign_up_is_told(db: PgPool) {
    let backend = testing::backend(db).await;
    let form = SignUpForm { name: " ".into(), email: "ada".into(), password: "short".into() };
    let named: Vec<_> = faults(actions::sign_up(&backend, form).await).into_iter().map(|(field, _)| field).collect();
    assert_eq!(named, ["name", "email", "password"]);
    let long = SignUpForm { password: "ä".repeat(257), ..sign_up("ada@example.org") };
    assert_eq!(faults(actions::sign_up(&backend, long).await), [("password".into(), Fault::TooLong(256))]);
}

#[sqlx::test]
async fn addresses_are_unique_without_regard_to_case(db: PgPool) {
    let backend = testing::backend(db).await;
    actions::sign_up(&backend, sign_up("Ada@Example.org")).await.unwrap();
    let again = actions::sign_up(&backend, sign_up("ADA@example.ORG")).await;
    assert_eq!(faults(again), [("email".into(), Fault::Taken)]);
    let form = SignInForm { email: "ada@EXAMPLE.org".into(), password: "correct horse battery".into() };
    assert_eq!(actions::sign_in(&backend, form).await.unwrap().email(), "Ada@Example.org");
}

#[sqlx::test]
async fn a_wrong_password_and_an_unknown_address_are_told_alike(db: PgPool) {
    let backend = testing::backend(db).await;
    actions::sign_up(&backend, sign_up("ada@example.org")).await.unwrap();
    for email in ["ada@example.org", "eve@example.org"] {
        let form = SignInForm { email: email.into(), password: "correct horse staple".into() };
        assert_eq!(faults(actions::sign_in(&backend, form).await), [("password".into(), Fault::WrongPassword)]);
    }
}

#[sqlx::test]
async fn passwords_are_kept_as_argon2id_only(db: PgPool) {
    let backend = testing::backend(db).await;
    let host = actions::sign_up(&backend, sign_up("ada@example.org")).await.unwrap();
    let hash: String = sqlx::query_scalar("select password_hash from users where id = $1")
        .bind(host.id())
        .fetch_one(&backend.db)
        .await
        .unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
}

#[sqlx::test]
async fn a_session_of_a_deleted_account_is_nobody(db: PgPool) {
    let backend = testing::backend(db).await;
    assert!(queries::signed_in(&backend.db, UserId::new()).await.unwrap().is_none());
}
