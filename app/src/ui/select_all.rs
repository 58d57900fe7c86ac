//! Select-all checkbox of a table (island).

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::hydrated;

/// Checks or unchecks every checkbox named `name` on the page.
#[island]
pub fn SelectAll(name: String) -> impl IntoView {
    let ready = hydrated();
    let tick = move |event: web_sys::Event| {
        let Some(all) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else { return };
        let Ok(boxes) = document().query_selector_all(&format!("input[name='{name}']")) else { return };
        for index in 0..boxes.length() {
            if let Some(input) = boxes.get(index).and_then(|node| node.dyn_into::<HtmlInputElement>().ok()) {
                input.set_checked(all.checked());
            }
        }
    };
    view! {
        <input type="checkbox" aria-label="Select all on this page" data-island="select-all" data-ready=ready on:change=tick/>
    }
}
