//! Tests of passwords, addresses and sessions.

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{DEVICE, NEW_PASSWORD, audit_events, faults, kinds, try_password};
use crate::{
    audit::AuditEvent,
    auth::{AddressForm, PasswordForm, Purpose, actions, queries},
    problem::{Conflict, FieldError, Problem},
    testing::{self, PASSWORD, problem},
};

#[sqlx::test]
async fn a_password_change_requires_the_current_one_and_ends_other_sessions(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    let phone = testing::signed_in(&backend, "ana@example.org", PASSWORD).await.unwrap();
    let form = |current: &str| PasswordForm { current_password: current.into(), password: NEW_PASSWORD.into() };
    let refused = faults(actions::change_password(&backend, &ana, &form("wrong")).await);
    assert_eq!(refused, [("current_password".into(), FieldError::WrongCurrentPassword)]);
    actions::change_password(&backend, &ana, &form(PASSWORD)).await.unwrap();
    assert!(queries::signed_in(&backend, phone.session()).await.unwrap().is_none());
    assert!(queries::signed_in(&backend, ana.session()).await.unwrap().is_some());
    try_password(&backend, "ana@example.org", NEW_PASSWORD).await.unwrap();
}

#[sqlx::test]
async fn an_address_changes_when_both_addresses_confirm(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    let form = AddressForm { email: "Ana@new.example".into(), current_password: PASSWORD.into() };
    let same = AddressForm { email: "ANA@example.org".into(), ..form.clone() };
    assert_eq!(
        faults(actions::change_address(&backend, &ana, &same).await),
        [("email".into(), FieldError::SameAddress)]
    );
    actions::change_address(&backend, &ana, &form).await.unwrap();
    let leave = testing::account_token(&backend, "ana@new.example", Purpose::LeaveAddress).await;
    let take = testing::account_token(&backend, "ana@new.example", Purpose::TakeAddress).await;
    assert!(!actions::confirm_new_address(&backend, &take, DEVICE).await.unwrap());
    assert!(actions::confirm_new_address(&backend, &take, DEVICE).await.is_err(), "one end cannot agree for both");
    try_password(&backend, "ana@example.org", PASSWORD).await.unwrap();
    assert!(actions::confirm_new_address(&backend, &leave, DEVICE).await.unwrap());
    try_password(&backend, "ana@new.example", PASSWORD).await.unwrap();
    assert!(try_password(&backend, "ana@example.org", PASSWORD).await.is_err());
    assert_eq!(queries::signed_in(&backend, ana.session()).await.unwrap().unwrap().email(), "Ana@new.example");
}

#[sqlx::test]
async fn an_address_of_another_account_cannot_be_taken(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    testing::host(&backend, "Ben").await;
    let form = AddressForm { email: "ben@example.org".into(), current_password: PASSWORD.into() };
    actions::change_address(&backend, &ana, &form).await.unwrap();
    let leave = testing::account_token(&backend, "ben@example.org", Purpose::LeaveAddress).await;
    let take = testing::account_token(&backend, "ben@example.org", Purpose::TakeAddress).await;
    actions::confirm_new_address(&backend, &leave, DEVICE).await.unwrap();
    let refused = problem(actions::confirm_new_address(&backend, &take, DEVICE).await);
    assert_eq!(refused, Problem::Conflict(Conflict::AddressTaken));
}

#[sqlx::test]
async fn asvs_7_3_1_sessions_end_by_disuse_and_by_age(db: PgPool) {
    let backend = testing::stopped(db).await;
    let ana = testing::host(&backend, "Ana").await;
    let alive = async |days: i64| {
        backend.clock.set(testing::start() + TimeDelta::days(days));
        let host = queries::signed_in(&backend, ana.session()).await.unwrap();
        if let Some(host) = &host {
            actions::touch(&backend, host).await.unwrap();
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
async fn of_fifty_requests_one_rotates_the_cookie(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    assert!(!actions::rotate(&backend, &ana).await.unwrap(), "a new session is not due");
    backend.clock.set(testing::start() + TimeDelta::minutes(15));
    let tries = (0..50).map(|_| {
        let (backend, ana) = (backend.clone(), ana.clone());
        tokio::spawn(async move { actions::rotate(&backend, &ana).await.unwrap() })
    });
    let mut rotated = 0;
    for done in tries.collect::<Vec<_>>() {
        rotated += usize::from(done.await.unwrap());
    }
    assert_eq!(rotated, 1);
}

#[sqlx::test]
async fn a_reused_cookie_revokes_its_session_once_and_notifies_the_host(db: PgPool) {
    let backend = testing::backend(db).await;
    let ana = testing::host(&backend, "Ana").await;
    let phone = testing::signed_in(&backend, "ana@example.org", PASSWORD).await.unwrap();
    for _ in 0..3 {
        actions::revoke_reused(&backend, ana.session(), "curl").await.unwrap();
    }
    assert!(queries::signed_in(&backend, ana.session()).await.unwrap().is_none());
    assert!(queries::signed_in(&backend, phone.session()).await.unwrap().is_some(), "the others go on");
    assert_eq!(kinds(&backend).await.iter().filter(|kind| *kind == "session-revoked").count(), 1);
    assert_eq!(audit_events(&backend, &phone).await[0], AuditEvent::SessionRevoked);
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
