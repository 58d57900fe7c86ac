//! Copy-to-clipboard button (island).

use leptos::prelude::*;

use super::hydrated;

/// Text to copy. It can always be selected; the button needs scripts.
#[island]
pub fn CopyLink(link: String, label: String, button: String) -> impl IntoView {
    let ready = hydrated();
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
                {move || if copied.get() { "Copied".to_owned() } else { button.clone() }}
            </button>
        </div>
    }
}
