use super::{Host, PASSWORD_LENGTH, SignInForm, SignUpForm, password};
use crate::{
    backend::Backend,
    error::{OnConstraint, Result},
    fields::{Fault, Fields, invalid},
    ids::UserId,
};

/// Opens an account. E-mail addresses are unique without regard to case.
pub async fn sign_up(backend: &Backend, form: SignUpForm) -> Result<Host> {
    let mut fields = Fields::default();
    let name = fields.required_line("name", &form.name, 120);
    let email = fields.email("email", &form.email);
    if email.is_none() {
        fields.fault("email", Fault::Required);
    }
    let (shortest, longest) = PASSWORD_LENGTH;
    match form.password.chars().count() as u32 {
        0 => fields.fault("password", Fault::Required),
        n if n < shortest => fields.fault("password", Fault::TooShort(shortest)),
        n if n > longest => fields.fault("password", Fault::TooLong(longest)),
        _ => {}
    }
    let email = fields.finish(email.unwrap_or_default())?;

    let hash = password::hash(&form.password).await?;
    let id = UserId::new();
    sqlx::query!(
        "insert into users (id, name, email, password_hash, created_at) values ($1, $2, $3, $4, $5)",
        id.0,
        name,
        email,
        hash,
        backend.clock.now(),
    )
    .execute(&backend.db)
    .await
    .on_constraint("users_email_key", invalid("email", Fault::Taken))?;
    Ok(Host { id, name, email })
}

/// Signs in. One answer for an unknown address and a wrong password, after the same work.
pub async fn sign_in(backend: &Backend, form: SignInForm) -> Result<Host> {
    let mut fields = Fields::default();
    let email = fields.email("email", &form.email);
    if email.is_none() {
        fields.fault("email", Fault::Required);
    }
    if form.password.is_empty() {
        fields.fault("password", Fault::Required);
    }
    let email = fields.finish(email.unwrap_or_default())?;

    let user = sqlx::query!(
        r#"select id as "id: UserId", name, email, password_hash from users where lower(email) = lower($1)"#,
        email,
    )
    .fetch_optional(&backend.db)
    .await?;
    let verified = form.password.chars().count() <= PASSWORD_LENGTH.1 as usize
        && password::verify(&form.password, user.as_ref().map(|user| user.password_hash.as_str())).await?;
    match user {
        Some(user) if verified => Ok(Host { id: user.id, name: user.name, email: user.email }),
        _ => Err(invalid("password", Fault::WrongPassword).into()),
    }
}
