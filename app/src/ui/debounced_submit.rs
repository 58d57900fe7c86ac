//! Debounced submit: presses a preview button while somebody types (island).

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlButtonElement, HtmlFormElement};

use super::{hydrated, listen};

/// Debounce interval in milliseconds.
const PAUSE: i32 = 400;

/// Clicks a button of the surrounding form shortly after the last input, to update a preview. Without scripts people
/// press the button.
#[island]
pub fn DebouncedSubmit(
    /// The button's id.
    button: String,
) -> impl IntoView {
    let ready = hydrated();
    let root = NodeRef::<leptos::html::Span>::new();
    Effect::new(move |_| {
        let Some(form) = root.get().and_then(|root| root.closest("form").ok().flatten()) else { return };
        let form: HtmlFormElement = form.unchecked_into();
        let press = {
            let (form, button) = (form.clone(), button.clone());
            Closure::<dyn Fn()>::new(move || {
                let found = form.query_selector(&format!("#{button}")).ok().flatten();
                if let Some(button) = found.and_then(|button| button.dyn_into::<HtmlButtonElement>().ok()) {
                    button.click();
                }
            })
        };
        let press = press.into_js_value();
        let waiting = StoredValue::new(None::<i32>);
        listen(&form, "input", move |_| {
            if let Some(earlier) = waiting.get_value() {
                window().clear_timeout_with_handle(earlier);
            }
            let set = window().set_timeout_with_callback_and_timeout_and_arguments_0(press.unchecked_ref(), PAUSE);
            waiting.set_value(set.ok());
        });
    });
    view! { <span node_ref=root data-island="debounced-submit" data-ready=ready></span> }
}
