//! Tests of accounts, and what they share.

mod account;
mod sign_in;

use super::{EmailForm, Purpose, SignInForm, SignUpForm, actions, queries};
use crate::{
    actors::Host,
    audit::AuditEvent,
    backend::Backend,
    error::Error,
    ids::{SessionId, Token},
    problem::{FieldError, Problem},
    testing::{self, PASSWORD},
};

const DEVICE: &str = "Firefox on Linux";
const NEW_PASSWORD: &str = "seven violet umbrellas";

fn sign_up(email: &str) -> SignUpForm {
    SignUpForm { name: "Ada".into(), email: email.into(), password: PASSWORD.into(), accepted: "true".into() }
}

fn faults<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<(String, FieldError)> {
    match result {
        Err(Error::Problem(Problem::Invalid(faults))) => faults.into_iter().map(|f| (f.field, f.error)).collect(),
        other => panic!("must be refused: {other:?}"),
    }
}

async fn try_password(backend: &Backend, email: &str, password: &str) -> Result<SessionId, Error> {
    let form = SignInForm { email: email.into(), password: password.into() };
    actions::sign_in(backend, &form, DEVICE).await
}

async fn audit_events(backend: &Backend, host: &Host) -> Vec<AuditEvent> {
    queries::account(backend, host).await.unwrap().activity.into_iter().map(|entry| entry.event).collect()
}

async fn kinds(backend: &Backend) -> Vec<String> {
    let query = "select kind from notifications where guest_id is null order by id";
    sqlx::query_scalar(query).fetch_all(&backend.db).await.unwrap()
}

async fn reset_token(backend: &Backend, email: &str) -> Token {
    actions::request_reset(backend, &EmailForm { email: email.into() }, DEVICE).await.unwrap();
    testing::handle_account_events(backend, email).await;
    testing::account_token(backend, "ana@example.org", Purpose::Reset).await
}
