//! Sign-in page.

use guestguard::auth::SignInForm;
use leptos::prelude::*;

use crate::ui::{
    field::Field,
    form::{Form, FormState},
    layout::{Frame, PageHead},
};

#[component]
pub fn SignInPage() -> impl IntoView {
    let form = FormState::new("/api/auth/sign-in", &SignInForm::default());
    let next = crate::ssr::query("next").unwrap_or_default();
    let other = with_next("/sign-up", &next);
    view! {
        <Frame host=None class="page page-narrow">
            <PageHead title="Sign in" lede="Welcome back."/>
            <Form state=form.clone() class="form sign-card">
                <input type="hidden" name="next" value=next/>
                <Field form=form.clone() name="email" kind="email" label="Email" required=true max=254 autocomplete="username"/>
                <Field form name="password" kind="password" label="Password" required=true autocomplete="current-password"/>
                <div class="form-actions">
                    <button class="button button-primary" type="submit">"Sign in"</button>
                </div>
                <p><a href="/forgot">"Forgot password?"</a></p>
                <p>"New here? " <a href=other>"Create an account"</a></p>
            </Form>
        </Frame>
    }
}

/// `page` with `next` in its query.
pub fn with_next(page: &str, next: &str) -> String {
    if next.is_empty() {
        return page.to_owned();
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{page}?{query}")
}
