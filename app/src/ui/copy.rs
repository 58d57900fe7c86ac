use leptos::prelude::*;

use super::woken;

/// A link to copy: the text can always be selected, the button copies it where scripts run.
#[island]
pub fn CopyLink(link: String, label: String) -> impl IntoView {
    let ready = woken();
    let copied = RwSignal::new(false);
    let text = link.clone();
    let copy = move |_| {
        let clipboard = window().navigator().clipboard();
        let written = wasm_bindgen_futures::JsFuture::from(clipboard.write_text(&text));
        leptos::task::spawn_local(async move { copied.set(written.await.is_ok()) });
    };
    view! {
        <div class="share-link" data-island="copy-link" data-ready=ready>
            <input type="text" readonly value=link aria-label=label/>
            <button class="button button-small" type="button" on:click=copy>
                {move || if copied.get() { "Copied" } else { "Copy link" }}
            </button>
        </div>
    }
}
