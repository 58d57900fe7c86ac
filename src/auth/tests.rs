use std::sync::Arc;

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{
    Act, AddressForm, Host, MailForm, PasswordForm, Purpose, ResetForm, SignInForm, SignUpForm, actions, queries,
};
use crate::{
    backend::Backend,
    error::Error,
    fields::Fault,
    ids::{SessionId, Token},
    problem::{Conflict, LinkEnd, Problem},
    testing::{self, PASSWORD, problem},
};

const DEVICE: &str = "Firefox on Linux";
const NEW_PASSWORD: &str = "seven violet umbrellas";

fn sign_up(email: &str) -> SignUpForm {
    SignUpForm { name: "Ada".into(), email: email.into(), password: PASSWORD.into(), accepted: "true".into() }
}

fn faults<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<(String, Fault)> {
    match result {
        Err(Error::Problem(Problem::Invalid(faults))) => faults.into_iter().map(|f| (f.field, f.fault)).collect(),
        other => panic!("must be refused: {other:?}"),
    }
}

async fn try_password(backend: &Backend, email: &str, password: &str) -> Result<SessionId, Error> {
    let form = SignInForm { email: email.into(), password: password.into() };
    actions::sign_in(backend, &form, DEVICE).await
}

async fn acts(backend: &Backend, host: &Host) -> Vec<Act> {
    queries::account(backend, host).await.unwrap().activity.into_iter().map(|activity| activity.act).collect()
}

async fn kinds(backend: &Backend) -> Vec<String> {
    let query = "select kind from notifications where guest_id is null order by id";
    sqlx::query_scalar(query).fetch_all(&backend.db).await.unwrap()
}

async fn reset_token(backend: &Backend, email: &str) -> Token {
    actions::ask_for_reset(backend, &MailForm { email: email.into() }, DEVICE).await.unwrap();
    testing::follow_up(backend, email).await;
    testing::account_token(backend, "ana@example.org", Purpose::Reset).await
}

#[sqlx::test]
async fn every_bad_field_of_a_sign_up_is_told(db: PgPool) {
    let backend = testing::backend(db).await;
    let form = SignUpForm { name: " ".into(), email: "ada".into(), password: "short".into(), accepted: "true".into() };
    let named: Vec<_> =
        faults(actions::sign_up(&backend, &form, DEVICE).await).into_iter().map(|(field, _)| field).collect();
    assert_eq!(named, ["name", "email", "password"]);
    let long = SignUpForm { password: "ä".repeat(257), ..sign_up("ada@example.org") };
    assert_eq!(faults(actions::sign_up(&backend, &long, DEVICE).await), [("password".into(), Fault::TooLong(256))]);
}

#[sqlx::test]
async fn asvs_6_2_4_passwords_that_everybody_tries_first_are_refused(db: PgPool) {
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
        assert_eq!(refused, [("password".into(), Fault::GuessablePassword)], "{guessable}");
    }
}

#[sqlx::test]
async fn asvs_6_2_9_long_passwords_and_any_letters_are_taken_exactly(db: PgPool) {
    let backend = testing::backend(db).await;
    let password = format!(" Ünïcode 🎉 {} ", "läng ".repeat(40));
    let form = SignUpForm { password: password.clone(), ..sign_up("ada@example.org") };
    actions::sign_up(&backend, &form, DEVICE).await.unwrap();
    try_password(&backend, "ada@example.org", &password).await.unwrap();
    for other in [password.trim().to_owned(), password.to_lowercase(), password[..100].to_owned()] {
        assert_eq!(faults(try_password(&backend, "ada@example.org", &other).await)[0].1, Fault::WrongPassword);
    }
}

#[sqlx::test]
async fn a_second_sign_up_changes_nothing_and_the_mail_says_so(db: PgPool) {
    let backend = testing::backend(db).await;
    testing::host(&backend, "Ana").await;
    let form = SignUpForm { password: NEW_PASSWORD.into(), ..sign_up("ANA@example.org") };
    actions::sign_up(&backend, &form, DEVICE).await.unwrap();
    assert_eq!(testing::follow_up(&backend, "ANA@example.org").await, 1);
    assert_eq!(kinds(&backend).await, ["registered"]);
    assert!(try_password(&backend, "ana@example.org", NEW_PASSWORD).await.is_err());
    try_password(&backend, "ana@EXAMPLE.org", PASSWORD).await.unwrap();
}

#[sqlx::test]
async fn nothing_is_sent_before_the_address_is_proven(db: PgPool) {
    let backend = testing::backend(db).await;
    actions::sign_up(&backend, &sign_up("ada@example.org"), DEVICE).await.unwrap();
    let ada = testing::signed_in(&backend, "ada@example.org", PASSWORD).await.unwrap();
    let event = testing::event(&backend, &ada, testing::event_form()).await;
    testing::guest(&backend, &ada, event, "Grace", "grace@example.org").await;
    let issue = async |host: &Host| {
        crate::invitations::actions::issue(&backend, host, event, &crate::invitations::Selection::All).await
    };
    assert_eq!(problem(issue(&ada).await), Problem::Conflict(Conflict::Unverified));
    testing::follow_up(&backend, "ada@example.org").await;
    let token = testing::account_token(&backend, "ada@example.org", Purpose::Verify).await;
    actions::verify(&backend, &token, DEVICE).await.unwrap();
    assert_eq!(problem(actions::verify(&backend, &token, DEVICE).await), Problem::LinkEnded(LinkEnd::Expired));
    let ada = queries::signed_in(&backend, ada.session()).await.unwrap().unwrap();
    assert_eq!(issue(&ada).await.unwrap().messages, 1);
}

#[sqlx::test]
async fn a_verification_link_lasts_a_day_and_a_reset_link_an_hour(db: PgPool) {
    let backend = testing::backend(db).await;
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
    assert!(acts(&backend, &ana).await.contains(&Act::PasswordReset));
    assert!(kinds(&backend).await.contains(&"password-changed".to_owned()));
    assert!(try_password(&backend, "ana@example.org", PASSWORD).await.is_err());
}

#[sqlx::test]
async fn a_reset_asked_for_an_unknown_address_writes_nothing(db: PgPool) {
    let backend = testing::backend(db).await;
    let form = MailForm { email: "nobody@example.org".into() };
    actions::ask_for_reset(&backend, &form, DEVICE).await.unwrap();
    assert_eq!(testing::follow_up(&backend, "nobody@example.org").await, 1, "the same job as for a known address");
    assert!(kinds(&backend).await.is_empty());
}

#[sqlx::test]
async fn the_fifth_failure_locks_and_only_a_reset_unlocks(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    for email in ["ana@example.org", "nobody@example.org"] {
        for _ in 0..4 {
            assert_eq!(faults(try_password(&backend, email, "wrong").await)[0].1, Fault::WrongPassword);
        }
        assert_eq!(problem(try_password(&backend, email, "wrong").await), Problem::Locked, "{email}");
        assert_eq!(problem(try_password(&backend, email, PASSWORD).await), Problem::Locked, "{email}");
    }
    backend.clock.set(testing::start() + TimeDelta::days(6));
    assert_eq!(problem(try_password(&backend, "ana@example.org", PASSWORD).await), Problem::Locked, "not even in days");
    assert!(queries::signed_in(&backend, ana.session()).await.unwrap().is_some(), "who is signed in stays so");

    testing::follow_up(&backend, "ana@example.org").await;
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
            assert_eq!(faults(try_password(&backend, "ana@example.org", "wrong").await)[0].1, Fault::WrongPassword);
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
    let failures = "select count(*) from graphile_worker._private_jobs where payload ->> 'news' = 'sign-in-failed'";
    let noted: i64 = sqlx::query_scalar(failures).fetch_one(&backend.db).await.unwrap();
    assert!(compared <= 4, "the fifth is told of the lock: {compared}");
    assert_eq!(noted, compared);
    assert_eq!(problem(try_password(&backend, "ana@example.org", PASSWORD).await), Problem::Locked);
}

#[sqlx::test]
async fn a_password_is_changed_by_who_knows_it_and_other_browsers_are_signed_out(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    let phone = testing::signed_in(&backend, "ana@example.org", PASSWORD).await.unwrap();
    let form = |current: &str| PasswordForm { current_password: current.into(), password: NEW_PASSWORD.into() };
    let refused = faults(actions::change_password(&backend, &ana, &form("wrong")).await);
    assert_eq!(refused, [("current_password".into(), Fault::WrongCurrentPassword)]);
    actions::change_password(&backend, &ana, &form(PASSWORD)).await.unwrap();
    assert!(queries::signed_in(&backend, phone.session()).await.unwrap().is_none());
    assert!(queries::signed_in(&backend, ana.session()).await.unwrap().is_some());
    try_password(&backend, "ana@example.org", NEW_PASSWORD).await.unwrap();
}

#[sqlx::test]
async fn an_account_moves_when_both_ends_agree(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    let form = AddressForm { email: "Ana@new.example".into(), current_password: PASSWORD.into() };
    let same = AddressForm { email: "ANA@example.org".into(), ..form.clone() };
    assert_eq!(faults(actions::change_address(&backend, &ana, &same).await), [("email".into(), Fault::SameAddress)]);
    actions::change_address(&backend, &ana, &form).await.unwrap();
    let leave = testing::account_token(&backend, "ana@new.example", Purpose::LeaveAddress).await;
    let take = testing::account_token(&backend, "ana@new.example", Purpose::TakeAddress).await;
    assert!(!actions::agree_to_new_address(&backend, &take, DEVICE).await.unwrap());
    assert!(actions::agree_to_new_address(&backend, &take, DEVICE).await.is_err(), "one end cannot agree for both");
    try_password(&backend, "ana@example.org", PASSWORD).await.unwrap();
    assert!(actions::agree_to_new_address(&backend, &leave, DEVICE).await.unwrap());
    try_password(&backend, "ana@new.example", PASSWORD).await.unwrap();
    assert!(try_password(&backend, "ana@example.org", PASSWORD).await.is_err());
    assert_eq!(queries::signed_in(&backend, ana.session()).await.unwrap().unwrap().email(), "Ana@new.example");
}

#[sqlx::test]
async fn an_account_cannot_move_onto_another(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    testing::host(&backend, "Ben").await;
    let form = AddressForm { email: "ben@example.org".into(), current_password: PASSWORD.into() };
    actions::change_address(&backend, &ana, &form).await.unwrap();
    let leave = testing::account_token(&backend, "ben@example.org", Purpose::LeaveAddress).await;
    let take = testing::account_token(&backend, "ben@example.org", Purpose::TakeAddress).await;
    actions::agree_to_new_address(&backend, &leave, DEVICE).await.unwrap();
    let refused = problem(actions::agree_to_new_address(&backend, &take, DEVICE).await);
    assert_eq!(refused, Problem::Conflict(Conflict::AddressTaken));
}

#[sqlx::test]
async fn asvs_7_3_1_sessions_end_by_disuse_and_by_age(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    let alive = async |days: i64| {
        backend.clock.set(testing::start() + TimeDelta::days(days));
        let host = queries::signed_in(&backend, ana.session()).await.unwrap();
        if let Some(host) = &host {
            actions::see(&backend, host).await.unwrap();
        }
        host.is_some()
    };
    for days in [6, 12, 18, 24, 29] {
        assert!(alive(days).await, "in use on day {days}");
    }
    assert!(!alive(30).await, "too old, however it is used");
    let idle = testing::signed_in(&backend, "ana@example.org", PASSWORD).await.unwrap();
    backend.clock.set(testing::start() + TimeDelta::days(37));
    assert!(queries::signed_in(&backend, idle.session()).await.unwrap().is_none(), "not used for a week");
}

#[sqlx::test]
async fn of_fifty_requests_at_a_renewal_one_renews(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    assert!(!actions::renew(&backend, &ana).await.unwrap(), "a new session is not due");
    backend.clock.set(testing::start() + TimeDelta::minutes(15));
    let tries = (0..50).map(|_| {
        let (backend, ana) = (backend.clone(), ana.clone());
        tokio::spawn(async move { actions::renew(&backend, &ana).await.unwrap() })
    });
    let mut renewed = 0;
    for done in tries.collect::<Vec<_>>() {
        renewed += usize::from(done.await.unwrap());
    }
    assert_eq!(renewed, 1);
}

#[sqlx::test]
async fn a_replayed_session_ends_once_and_is_told(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    let phone = testing::signed_in(&backend, "ana@example.org", PASSWORD).await.unwrap();
    for _ in 0..3 {
        actions::revoke_replayed(&backend, ana.session(), "curl").await.unwrap();
    }
    assert!(queries::signed_in(&backend, ana.session()).await.unwrap().is_none());
    assert!(queries::signed_in(&backend, phone.session()).await.unwrap().is_some(), "the others go on");
    assert_eq!(kinds(&backend).await.iter().filter(|kind| *kind == "session-revoked").count(), 1);
    assert_eq!(acts(&backend, &phone).await[0], Act::SessionRevoked);
}

#[sqlx::test]
async fn one_session_or_all_others_can_be_ended(db: PgPool) {
    let backend = testing::backend(db).await;
    let (ana, ben) = (testing::host(&backend, "Ana").await, testing::host(&backend, "Ben").await);
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(testing::signed_in(&backend, "ana@example.org", PASSWORD).await.unwrap());
    }
    assert_eq!(problem(actions::end_session(&backend, &ben, ana.session()).await), Problem::NotFound);
    actions::end_session(&backend, &ana, others[0].session()).await.unwrap();
    assert_eq!(queries::account(&backend, &ana).await.unwrap().sessions.len(), 3);
    actions::end_other_sessions(&backend, &ana).await.unwrap();
    let left = queries::account(&backend, &ana).await.unwrap().sessions;
    assert_eq!(left.iter().map(|line| line.id).collect::<Vec<_>>(), [ana.session()]);
    assert!(queries::signed_in(&backend, ben.session()).await.unwrap().is_some());
}

#[sqlx::test]
async fn a_weaker_hash_is_renewed_at_sign_in(db: PgPool) {
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
async fn asvs_6_4_1_no_link_stands_in_the_database_once_its_mail_has_left(db: PgPool) {
    let backend = testing::backend(db).await;
    testing::host(&backend, "Ana").await;
    let token = reset_token(&backend, "ana@example.org").await;
    testing::post(&backend).await;
    assert!(testing::mails(&backend).await.iter().any(|mail| mail.contains("Choose a new password")));
    let sealed: i64 = sqlx::query_scalar("select count(token_sealed) from account_tokens where purpose = 'reset'")
        .fetch_one(&backend.db)
        .await
        .unwrap();
    assert_eq!(sealed, 0);
    assert!(queries::link_holder(&backend, &token, &[Purpose::Reset]).await.is_ok(), "and the link in it works");
}
