//! Modal dialogs that are open on arrival (island).

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;

use super::hydrated;

/// Makes the surrounding open `<dialog>` modal. Without scripts it stays open in the flow of the page.
#[island]
pub fn Modal() -> impl IntoView {
    let ready = hydrated();
    let root = NodeRef::<leptos::html::Span>::new();
    Effect::new(move |_| {
        let Some(dialog) = root.get().and_then(|root| root.closest("dialog").ok().flatten()) else { return };
        let dialog: HtmlDialogElement = dialog.unchecked_into();
        dialog.close();
        // A browser that refuses leaves it closed, and the page is complete without it.
        _ = dialog.show_modal();
    });
    view! { <span node_ref=root data-island="modal" data-ready=ready></span> }
}
