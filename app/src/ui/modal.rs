use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;

use super::woken;

/// Brings the open dialog it stands in before the page. Without scripts the dialog stands open in its place.
#[island]
pub fn BeforeThePage() -> impl IntoView {
    let ready = woken();
    let root = NodeRef::<leptos::html::Span>::new();
    Effect::new(move |_| {
        let Some(dialog) = root.get().and_then(|root| root.closest("dialog").ok().flatten()) else { return };
        let dialog: HtmlDialogElement = dialog.unchecked_into();
        dialog.close();
        // A browser that refuses leaves it closed; the page below says nothing wrong without it.
        _ = dialog.show_modal();
    });
    view! { <span node_ref=root data-island="before-the-page" data-ready=ready></span> }
}
