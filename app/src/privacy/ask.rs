//! Consent dialog: asks hosts to accept a new version of the legal documents.

use guestguard::{actors::Host, legal::LegalDocument};
use leptos::prelude::*;

use crate::ui::{button::PostButton, legal::legal_href, modal::Modal};

/// Shown on every page until the host accepts or signs out.
#[component]
pub fn AskToAccept(host: Host) -> impl IntoView {
    let name = host.name().to_owned();
    let [terms, privacy_policy] = [LegalDocument::Terms, LegalDocument::PrivacyPolicy].map(legal_href);
    view! {
        <dialog class="dialog" open aria-labelledby="accept-title">
            <Modal/>
            <h2 id="accept-title">"We've updated our terms"</h2>
            <p>
                "Hello " {name} ". Please read our " <a href=terms>"terms"</a> " and our " <a href=privacy_policy>"privacy policy"</a>
                ", and accept them to continue. Your events and guests are not affected."
            </p>
            <div class="actions">
                <PostButton action="/api/privacy/accept" class="button button-primary">"Accept"</PostButton>
                <PostButton action="/api/auth/sign-out" class="button button-quiet">"Sign out"</PostButton>
            </div>
        </dialog>
    }
}
