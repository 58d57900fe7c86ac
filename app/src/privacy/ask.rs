use guestguard::auth::Host;
use leptos::prelude::*;

use super::page::{PRIVACY_POLICY, TERMS};
use crate::ui::{button::PostButton, modal::BeforeThePage};

/// Stands before every page of a host who has not agreed to the documents as they are now. Both can be read first, and
/// whoever does not agree can sign out; nothing of theirs is touched.
#[component]
pub fn AskToAccept(host: Host) -> impl IntoView {
    let name = host.name().to_owned();
    view! {
        <dialog class="dialog" open aria-labelledby="accept-title">
            <BeforeThePage/>
            <h2 id="accept-title">"Our rules have a new version"</h2>
            <p>
                "Dear " {name} ", please read our " <a href=TERMS>"terms"</a> " and our " <a href=PRIVACY_POLICY>"privacy policy"</a>
                " and tell us that you agree. Your events and guests stay as they are, whatever you decide."
            </p>
            <div class="actions">
                <PostButton action="/api/privacy/accept" class="button button-primary">"I agree to both"</PostButton>
                <PostButton action="/api/auth/sign-out" class="button button-quiet">"Sign out"</PostButton>
            </div>
        </dialog>
    }
}
