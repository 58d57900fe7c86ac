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

/// The holder of the link in the address. Looking changes nothing: mail programs open links to check them, so whatever
/// a link is for happens by the button on its page.
async fn holder(token: Token, purposes: &[Purpose]) -> Result<(Token, LinkHolder), Problem> {
    let backend = ssr::anyone_within(Limit::AccountLink).await?;
    let holder = ssr::reply(guestguard::auth::queries::link_holder(&backend, &token, purposes).await)?;
    Ok((token, holder))
}

fn token_in_path() -> Token {
    Token(ssr::path_part("token").unwrap_or_default())
}

/// Proves an address.
#[component]
pub fn VerifyPage() -> impl IntoView {
    let token = token_in_path();
    page(holder(token, &[Purpose::Verify]), |(token, holder)| {
        view! {
            <Frame host=None class="page page-narrow">
                <PageHead title="Is this your address?" lede=format!("{}, for the account of {}.", holder.email, holder.name)/>
                <PostButton action="/api/auth/verify" values=vec![("token", token.0)] class="button button-primary">
                    "Yes, this is mine"
                </PostButton>
            </Frame>
        }
    })
}

/// Moves an account to another address, as far as this end is concerned.
#[component]
pub fn NewAddressPage() -> impl IntoView {
    let token = token_in_path();
    page(holder(token, &[Purpose::LeaveAddress, Purpose::TakeAddress]), |(token, holder)| {
        let from_to = format!("From {} to {}.", holder.account_email, holder.email);
        view! {
            <Frame host=None class="page page-narrow">
                <PageHead title="Move this account?" lede=from_to/>
                <p>"It moves when you have agreed here and in the mail to the other address."</p>
                <PostButton
                    action="/api/auth/agree-to-new-address"
                    values=vec![("token", token.0)]
                    class="button button-primary"
                >
                    "Yes, move it"
                </PostButton>
            </Frame>
        }
    })
}

/// Sets a new password.
#[component]
pub fn ResetPage() -> impl IntoView {
    let token = token_in_path();
    let form = FormState::new("/api/auth/reset", &ResetForm::default());
    page(holder(token, &[Purpose::Reset]), move |(token, holder)| {
        view! {
            <Frame host=None class="page page-narrow">
                <PageHead title="Choose a new password" lede=format!("For {}. All other browsers are signed out.", holder.account_email)/>
                <Form state=form.clone() class="form sign-card">
                    <input type="hidden" name="token" value=token.0/>
                    <input class="visually-hidden" type="text" name="username" autocomplete="username" value=holder.account_email tabindex="-1" aria-hidden="true" readonly/>
                    <NewPassword form/>
                    <div class="form-actions">
                        <button class="button button-primary" type="submit">"Set the new password"</button>
                    </div>
                </Form>
            </Frame>
        }
    })
}

/// The field for a new password, with what makes a good one.
#[component]
pub fn NewPassword(form: FormState, #[prop(default = "Password")] label: &'static str) -> impl IntoView {
    let hint = format!("At least {} characters. A few words in a row are easy to remember.", PASSWORD_LENGTH.0);
    view! {
        <Field form name="password" kind="password" label hint required=true max=PASSWORD_LENGTH.1 autocomplete="new-password"/>
    }
}
