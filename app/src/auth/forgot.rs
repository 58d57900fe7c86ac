//! Forgotten password page.

use guestguard::auth::EmailForm;
use leptos::prelude::*;

use crate::ui::{
    field::Field,
    form::{Form, FormState},
    layout::{Frame, PageHead},
};

#[component]
pub fn ForgotPage() -> impl IntoView {
    let form = FormState::new("/api/auth/request-reset", &EmailForm::default());
    view! {
        <Frame host=None class="page page-narrow">
            <PageHead title="Reset your password" lede="Enter your email, and we'll send you a link. It works for an hour."/>
            <Form state=form.clone() class="form sign-card">
                <Field form name="email" kind="email" label="Email" required=true max=254 autocomplete="username"/>
                <div class="form-actions">
                    <button class="button button-primary" type="submit">"Send reset link"</button>
                </div>
                <p><a href="/sign-in">"Back to sign in"</a></p>
            </Form>
        </Frame>
    }
}
