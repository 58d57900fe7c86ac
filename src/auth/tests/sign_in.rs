//! Tests of sign-up, sign-in and account links.

use std::sync::Arc;

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{DEVICE, NEW_PASSWORD, audit_events, faults, kinds, reset_token, sign_up, try_password};
use crate::{
    actors::Host,
    audit::AuditEvent,
    auth::{EmailForm, Purpose, ResetForm, SignUpForm, actions, queries},
    error::Error,
    problem::{Conflict, FieldError, LinkEnd, Problem},
    testing::{self, PASSWORD, problem},
};

#[sqlx::test]
async fn a_sign_up_reports_every_invalid_field(db: PgPool) {
    let backend = testing::backend(db).await;
    let form = SignUpForm { name: " ".into(), email: "ada".into(), password: "short".into(), accepted: "true".into() };
    let named: Vec<_> =
        faults(actions::sign_up(&backend, &form, DEVICE).await).into_iter().map(|(field, _)| field).collect();
    assert_eq!(named, ["name", "email", "password"]);
    let long = SignUpForm { password: "ä".repeat(257), ..sign_up("ada@example.org") };
    assert_eq!(
        faults(actions::sign_up(&backend, &long, DEVICE).await),
        [("password".into(), FieldError::TooLong(256))]
    );
}

#[sqlx::test]
async fn asvs_6_2_4_guessable_passwords_are_rejected(db: PgPool) {
    let backend = testing::backend(db).await;
    for guessable in ["password", "12345678", "guestguard", "guestguard2026", "ada.lovelace", "Lovelace1", "qwertyuiop"]
    {
        let form = SignUpForm {
            name: "Ada Lovelace".into(),
            email: "ada.lovelace@example.org".into(),
            password: guessable.into(),
            accepted: "true".into(),
        };
        let refused = faults(actions::sign_up(&backend, &form, DEVICE).await);
        assert_eq!(refused, [("password".into(), FieldError::GuessablePassword)], "{guessable}");
    }
}

#[sqlx::test]
async fn asvs_6_2_9_long_and_unicode_passwords_are_compared_exactly(db: PgPool) {
    let backend = testing::backend(db).await;
    let password = format!(" Ünïcode 🎉 {} ", "läng ".repeat(40));
    let form = SignUpForm { password: password.clone(), ..sign_up("ada@example.org") };
    actions::sign_up(&backend, &form, DEVICE).await.unwrap();
    try_password(&backend, "ada@example.org", &password).await.unwrap();
    for other in [password.trim().to_owned(), password.to_lowercase(), password[..100].to_owned()] {
        assert_eq!(faults(try_password(&backend, "ada@example.org", &other).await)[0].1, FieldError::WrongPassword);
    }
}

#[sqlx::test]
async fn a_second_sign_up_changes_nothing_and_sends_a_notice(db: PgPool) {
    let backend = testing::backend(db).await;
    testing::host(&backend, "Ana").await;
    let form = SignUpForm { password: NEW_PASSWORD.into(), ..sign_up("ANA@example.org") };
    actions::sign_up(&backend, &form, DEVICE).await.unwrap();
    assert_eq!(testing::handle_account_events(&backend, "ANA@example.org").await, 1);
    assert_eq!(kinds(&backend).await, ["registered"]);
    assert!(try_password(&backend, "ana@example.org", NEW_PASSWORD).await.is_err());
    try_password(&backend, "ana@EXAMPLE.org", PASSWORD).await.unwrap();
}

#[sqlx::test]
async fn nothing_is_sent_before_the_address_is_verified(db: PgPool) {
    let backend = testing::backend(db).await;
    actions::sign_up(&backend, &sign_up("ada@example.org"), DEVICE).await.unwrap();
    let ada = testing::signed_in(&backend, "ada@example.org", PASSWORD).await.unwrap();
    let event = testing::event(&backend, &ada, testing::event_form()).await;
    testing::guest(&backend, &ada, event, "Grace", "grace@example.org").await;
    let issue = async |host: &Host| {
        crate::invitations::actions::issue(&backend, host, event, &crate::invitations::Selection::All).await
    };
    assert_eq!(problem(issue(&ada).await), Problem::Conflict(Conflict::Unverified));
    testing::handle_account_events(&backend, "ada@example.org").await;
    let token = testing::account_token(&backend, "ada@example.org", Purpose::Verify).await;
    actions::verify(&backend, &token, DEVICE).await.unwrap();
    assert_eq!(problem(actions::verify(&backend, &token, DEVICE).await), Problem::LinkEnded(LinkEnd::Expired));
    let ada = queries::signed_in(&backend, ada.session()).await.unwrap().unwrap();
    assert_eq!(issue(&ada).await.unwrap().messages, 1);
}

#[sqlx::test]
async fn a_verification_link_lasts_a_day_and_a_reset_link_an_hour(db: PgPool) {
    let backend = testing::stopped(db).await;
    testing::host(&backend, "Ana").await;
    let reset = reset_token(&backend, "ana@example.org").await;
    backend.clock.set(testing::start() + TimeDelta::minutes(59));
    assert!(queries::link_holder(&backend, &reset, &[Purpose::Reset]).await.is_ok());
    backend.clock.set(testing::start() + TimeDelta::minutes(60));
    let form = ResetForm { password: NEW_PASSWORD.into() };
    let late = problem(actions::reset_password(&backend, &reset, &form, DEVICE).await);
    assert_eq!(late, Problem::LinkEnded(LinkEnd::Expired));
    assert_eq!((Purpose::Verify.hours(), Purpose::Reset.hours()), (24, 1));
}

#[sqlx::test]
async fn asvs_6_5_1_of_twenty_who_use_a_link_at_once_one_wins(db: PgPool) {
    let backend = testing::backend(db).await;
    testing::host(&backend, "Ana").await;
    let token = Arc::new(reset_token(&backend, "ana@example.org").await);
    let tries = (0..20).map(|n| {
        let (backend, token) = (backend.clone(), token.clone());
        tokio::spawn(async move {
            let form = ResetForm { password: format!("{NEW_PASSWORD} {n}") };
            actions::reset_password(&backend, &token, &form, DEVICE).await
        })
    });
    let mut won = 0;
    for done in tries.collect::<Vec<_>>() {
        won += usize::from(done.await.unwrap().is_ok());
    }
    assert_eq!(won, 1);
}

#[sqlx::test]
async fn asking_again_leaves_the_first_reset_link_good_and_success_voids_all(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    let (first, second) =
        (reset_token(&backend, "ANA@example.org").await, reset_token(&backend, "ana@example.org").await);
    assert_ne!(first, second);
    let form = ResetForm { password: NEW_PASSWORD.into() };
    let session = actions::reset_password(&backend, &first, &form, DEVICE).await.unwrap();
    assert_eq!(
        problem(actions::reset_password(&backend, &second, &form, DEVICE).await),
        Problem::LinkEnded(LinkEnd::Expired)
    );
    assert!(queries::signed_in(&backend, ana.session()).await.unwrap().is_none(), "all other sessions have ended");
    let ana = queries::signed_in(&backend, session).await.unwrap().expect("this browser is signed in");
    assert!(audit_events(&backend, &ana).await.contains(&AuditEvent::PasswordReset));
    assert!(kinds(&backend).await.contains(&"password-changed".to_owned()));
    assert!(try_password(&backend, "ana@example.org", PASSWORD).await.is_err());
}

#[sqlx::test]
async fn a_reset_asked_for_an_unknown_address_writes_nothing(db: PgPool) {
    let backend = testing::backend(db).await;
    let form = EmailForm { email: "nobody@example.org".into() };
    actions::request_reset(&backend, &form, DEVICE).await.unwrap();
    assert_eq!(
        testing::handle_account_events(&backend, "nobody@example.org").await,
        1,
        "the same job as for a known address"
    );
    assert!(kinds(&backend).await.is_empty());
}

#[sqlx::test]
async fn the_fifth_failure_locks_and_only_a_reset_unlocks(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    for email in ["ana@example.org", "nobody@example.org"] {
        for _ in 0..4 {
            assert_eq!(faults(try_password(&backend, email, "wrong").await)[0].1, FieldError::WrongPassword);
        }
        assert_eq!(problem(try_password(&backend, email, "wrong").await), Problem::Locked, "{email}");
        assert_eq!(problem(try_password(&backend, email, PASSWORD).await), Problem::Locked, "{email}");
    }
    backend.clock.set(testing::start() + TimeDelta::days(6));
    assert_eq!(problem(try_password(&backend, "ana@example.org", PASSWORD).await), Problem::Locked, "not even in days");
    assert!(queries::signed_in(&backend, ana.session()).await.unwrap().is_some(), "who is signed in stays so");

    testing::handle_account_events(&backend, "ana@example.org").await;
    assert_eq!(kinds(&backend).await.iter().filter(|kind| *kind == "locked").count(), 1, "one mail a lock");
    let token = testing::account_token(&backend, "ana@example.org", Purpose::Reset).await;
    let form = ResetForm { password: NEW_PASSWORD.into() };
    actions::reset_password(&backend, &token, &form, DEVICE).await.unwrap();
    try_password(&backend, "ana@example.org", NEW_PASSWORD).await.unwrap();
}

#[sqlx::test]
async fn a_right_password_forgets_the_failures_before_it(db: PgPool) {
    let backend = testing::backend(db).await;
    testing::host(&backend, "Ana").await;
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(
                faults(try_password(&backend, "ana@example.org", "wrong").await)[0].1,
                FieldError::WrongPassword
            );
        }
        try_password(&backend, "ana@example.org", PASSWORD).await.unwrap();
    }
}

#[sqlx::test]
async fn asvs_6_3_1_of_fifty_parallel_guesses_five_are_compared(db: PgPool) {
    let backend = testing::backend(db).await;
    testing::host(&backend, "Ana").await;
    // Ten at a time, so that the short queue for a hasher has room for the other tests of this process.
    let places = Arc::new(tokio::sync::Semaphore::new(10));
    let guesses = (0..50).map(|n| {
        let (backend, places) = (backend.clone(), places.clone());
        tokio::spawn(async move {
            let _place = places.acquire().await.unwrap();
            try_password(&backend, "ana@example.org", &format!("guess {n}")).await
        })
    });
    let mut compared = 0;
    for done in guesses.collect::<Vec<_>>() {
        match done.await.unwrap() {
            Err(Error::Problem(Problem::Invalid(_))) => compared += 1,
            Err(Error::Problem(Problem::Locked | Problem::Unavailable { .. })) => {}
            other => panic!("{other:?}"),
        }
    }
    let failures = "select count(*) from graphile_worker._private_jobs where payload ->> 'event' = 'sign-in-failed'";
    let noted: i64 = sqlx::query_scalar(failures).fetch_one(&backend.db).await.unwrap();
    assert!(compared <= 4, "the fifth is told of the lock: {compared}");
    assert_eq!(noted, compared);
    assert_eq!(problem(try_password(&backend, "ana@example.org", PASSWORD).await), Problem::Locked);
}

#[sqlx::test]
async fn a_weaker_hash_is_upgraded_at_sign_in(db: PgPool) {
    let backend = testing::backend(db).await;
    testing::host(&backend, "Ana").await;
    // "correct horse battery" with 8 MiB and one pass.
    let params = argon2::Params::new(8 * 1024, 1, 1, None).unwrap();
    let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let weak = argon2::PasswordHasher::hash_password(&weak, PASSWORD.as_bytes()).unwrap().to_string();
    sqlx::query("update users set password_hash = $1").bind(&weak).execute(&backend.db).await.unwrap();
    try_password(&backend, "ana@example.org", PASSWORD).await.unwrap();
    let stored: String = sqlx::query_scalar("select password_hash from users").fetch_one(&backend.db).await.unwrap();
    assert!(stored.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
}

#[sqlx::test]
async fn asvs_6_4_1_a_sent_link_is_no_longer_in_the_database(db: PgPool) {
    let backend = testing::backend(db).await;
    testing::host(&backend, "Ana").await;
    let token = reset_token(&backend, "ana@example.org").await;
    testing::post(&backend).await;
    assert!(testing::mails(&backend).await.iter().any(|mail| mail.contains("Reset your password")));
    let sealed: i64 = sqlx::query_scalar("select count(token_sealed) from account_tokens where purpose = 'reset'")
        .fetch_one(&backend.db)
        .await
        .unwrap();
    assert_eq!(sealed, 0);
    assert!(queries::link_holder(&backend, &token, &[Purpose::Reset]).await.is_ok(), "and the link in it works");
}
