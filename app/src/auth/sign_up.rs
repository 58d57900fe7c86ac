//! Sign-up page.

use guestguard::{auth::SignUpForm, legal::LegalDocument};
use leptos::prelude::*;

use super::links::NewPassword;
use crate::ui::{
    field::Field,
    form::{Form, FormState},
    layout::{Frame, PageHead},
    legal::legal_href,
};

#[component]
pub fn SignUpPage() -> impl IntoView {
    let form = FormState::new("/api/auth/sign-up", &SignUpForm::default());
    let next = crate::ssr::query("next").unwrap_or_default();
    let other = super::sign_in::with_next("/sign-in", &next);
    view! {
        <Frame host=None class="page page-narrow">
            <PageHead title="Create your account" lede="Free, without a credit card. Your guests never need an account."/>
            <Form state=form.clone() class="form sign-card">
                <input type="hidden" name="next" value=next/>
                <Field form=form.clone() name="name" label="Your name" hint="Shown on your invitations, e.g. “Nora & Jonas”" required=true max=120 autocomplete="name"/>
                <Field form=form.clone() name="email" kind="email" label="Email" required=true max=254 autocomplete="email"/>
                <NewPassword form=form.clone()/>
                <Agree form/>
                <div class="form-actions">
                    <button class="button button-primary" type="submit">"Create account"</button>
                </div>
                <p>"Have an account? " <a href=other>"Sign in"</a></p>
            </Form>
        </Frame>
    }
}

/// The required consent, not ticked by default.
#[component]
fn Agree(form: FormState) -> impl IntoView {
    let fault = form.error("accepted").map(|_| "Please accept the terms to continue.");
    let [terms, privacy_policy] = [LegalDocument::Terms, LegalDocument::PrivacyPolicy].map(legal_href);
    view! {
        <div class="field" data-invalid=fault.is_some().then_some("true")>
            <label class="check">
                <input
                    id="accepted"
                    type="checkbox"
                    name="form[accepted]"
                    value="true"
                    required
                    checked=!form.value("accepted").is_empty()
                    aria-invalid=fault.is_some().then_some("true")
                    aria-describedby=fault.is_some().then_some("accepted-error")
                />
                <span>"I agree to the " <a href=terms>"terms"</a> " and the " <a href=privacy_policy>"privacy policy"</a></span>
            </label>
            {fault.map(|fault| view! { <p class="error" id="accepted-error">{fault}</p> })}
        </div>
    }
}
