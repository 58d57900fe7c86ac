//! Sign-up.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    auth::{
        SignUpForm,
        jobs::{self, AccountEvent},
        password,
    },
    backend::Backend,
    error::Result,
    ids::UserId,
    legal::LegalDocument,
    problem::{FieldError, Fields, Problem},
};

/// Creates an account unless one has this address. Response and time do not reveal which; the email does.
pub async fn sign_up(backend: &Backend, form: &SignUpForm, device: &str) -> Result<()> {
    let new = NewAccount::parse(form)?;
    let hash = password::hash(&form.password).await?;
    let mut tx = backend.db.begin().await?;
    insert(&mut tx, backend.clock.now(), &new, &hash, None).await?;
    jobs::enqueue(&mut tx, AccountEvent::SignedUp, &new.email, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Creates an account whose address the operator has verified: no email, no link.
pub async fn sign_up_verified(backend: &Backend, form: &SignUpForm) -> Result<()> {
    let new = NewAccount::parse(form)?;
    let hash = password::hash(&form.password).await?;
    let now = backend.clock.now();
    insert(&mut *backend.db.acquire().await?, now, &new, &hash, Some(now)).await
}

struct NewAccount {
    name: String,
    email: String,
}

impl NewAccount {
    fn parse(form: &SignUpForm) -> Result<Self, Problem> {
        let mut fields = Fields::default();
        let name = fields.required_line("name", &form.name, 120);
        let email = fields.required_email("email", &form.email);
        password::check(&mut fields, "password", &form.password, &[&name, &email]);
        if form.accepted.is_empty() {
            fields.error("accepted", FieldError::Required);
        }
        fields.finish(Self { name, email })
    }
}

async fn insert(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    new: &NewAccount,
    password_hash: &str,
    verified_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "insert into users (id, name, email, password_hash, created_at, verified_at, terms_version, terms_accepted_at,
            privacy_policy_version, privacy_policy_accepted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $5, $8, $5)
        on conflict (lower(email)) where deleted_at is null do nothing",
        UserId::new().0,
        new.name,
        new.email,
        password_hash,
        now,
        verified_at,
        LegalDocument::Terms.current(),
        LegalDocument::PrivacyPolicy.current(),
    )
    .execute(db)
    .await?;
    Ok(())
}
