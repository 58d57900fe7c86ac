use guestguard::auth::MailForm;
use leptos::prelude::*;

use crate::ui::{
    field::Field,
    form::{Form, FormState},
    layout::{Frame, PageHead},
};

/// Asks for a mail with which to set a new password.
#[component]
pub fn ForgotPage() -> impl IntoView {
    let form = FormState::new("/api/auth/ask-for-reset", &MailForm::default());
    view! {
        <Frame host=None class="page page-narrow">
            <PageHead title="A new password" lede="Tell us your address, and we send you a link that works for an hour."/>
            <Form state=form.clone() class="form sign-card">
                <Field form name="email" kind="email" label="E-mail" required=true max=254 autocomplete="username"/>
                <div class="form-actions">
                    <button class="button button-primary" type="submit">"Send me the link"</button>
                </div>
                <p><a href="/sign-in">"Back to sign in"</a></p>
            </Form>
        </Frame>
    }
}
