//! Pages behind the links in account emails: verify, reset, change of address.

use guestguard::{
    auth::{PASSWORD_LENGTH, Purpose, ResetForm, queries::LinkHolder},
    ids::Token,
    problem::Problem,
    rate_limits::Limit,
};
use leptos::prelude::*;

use crate::{
    ssr,
    ui::{
        button::PostButton,
        field::Field,
        form::{Form, FormState},
        layout::{Frame, PageHead},
        page::page,
    },
};

/// The holder of the link. Opening it changes nothing, because email programs open links to scan them; the button does.
async fn holder(token: Token, purposes: &[Purpose]) -> Result<(Token, LinkHolder), Problem> {
    let backend = ssr::anyone_within(Limit::AccountLink).await?;
    let holder = ssr::reply(guestguard::auth::queries::link_holder(&backend, &token, purposes).await)?;
    Ok((token, holder))
}

fn token_in_path() -> Token {
    Token(ssr::path_part("token").unwrap_or_default())
}

#[component]
pub fn VerifyPage() -> impl IntoView {
    let token = token_in_path();
    page(holder(token, &[Purpose::Verify]), |(token, holder)| {
        view! {
            <Frame host=None class="page page-narrow">
                <PageHead title="Verify your email" lede=format!("{}, for the account of {}.", holder.email, holder.name)/>
                <PostButton action="/api/auth/verify" values=vec![("token", token.0)] class="button button-primary">
                    "Verify"
                </PostButton>
            </Frame>
        }
    })
}

#[component]
pub fn NewAddressPage() -> impl IntoView {
    let token = token_in_path();
    page(holder(token, &[Purpose::LeaveAddress, Purpose::TakeAddress]), |(token, holder)| {
        let from_to = format!("From {} to {}.", holder.account_email, holder.email);
        view! {
            <Frame host=None class="page page-narrow">
                <PageHead title="Confirm your new email address" lede=from_to/>
                <p>"It changes once you have confirmed it in both emails: to your old and to your new address."</p>
                <PostButton
                    action="/api/auth/confirm-new-address"
                    values=vec![("token", token.0)]
                    class="button button-primary"
                >
                    "Confirm new email"
                </PostButton>
            </Frame>
        }
    })
}

#[component]
pub fn ResetPage() -> impl IntoView {
    let token = token_in_path();
    let form = FormState::new("/api/auth/reset", &ResetForm::default());
    page(holder(token, &[Purpose::Reset]), move |(token, holder)| {
        view! {
            <Frame host=None class="page page-narrow">
                <PageHead title="Choose a new password" lede=format!("For {}. All other sessions will be signed out.", holder.account_email)/>
                <Form state=form.clone() class="form sign-card">
                    <input type="hidden" name="token" value=token.0/>
                    <input class="visually-hidden" type="text" name="username" autocomplete="username" value=holder.account_email tabindex="-1" aria-hidden="true" readonly/>
                    <NewPassword form/>
                    <div class="form-actions">
                        <button class="button button-primary" type="submit">"Set password"</button>
                    </div>
                </Form>
            </Frame>
        }
    })
}

/// The field for a new password, with a hint.
#[component]
pub fn NewPassword(form: FormState, #[prop(default = "Password")] label: &'static str) -> impl IntoView {
    let hint = format!("At least {} characters. Tip: use a passphrase.", PASSWORD_LENGTH.0);
    view! {
        <Field form name="password" kind="password" label hint required=true max=PASSWORD_LENGTH.1 autocomplete="new-password"/>
    }
}
