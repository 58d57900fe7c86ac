//! User interface components that know no feature.

pub mod copy;
pub mod debounced_submit;
pub mod escape;
pub mod modal;
pub mod select_all;

#[cfg(feature = "ssr")]
pub mod button;
#[cfg(feature = "ssr")]
pub mod field;
#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
pub mod layout;
#[cfg(feature = "ssr")]
pub mod legal;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod pagination;
#[cfg(feature = "ssr")]
pub mod qr;
pub mod words;

use leptos::prelude::*;

/// Whether the island is hydrated: false on the server, true in the browser once its handlers work. Islands show it
/// as `data-ready` on their root, so that tests can wait for it.
pub fn hydrated() -> impl Fn() -> Option<&'static str> + Clone + Send + Sync + 'static {
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    move || ready.get().then_some("true")
}

/// Adds an event listener that lives as long as the page.
pub fn listen(target: &web_sys::EventTarget, name: &str, handle: impl FnMut(web_sys::Event) + 'static) {
    use wasm_bindgen::{JsCast, prelude::Closure};
    let closure = Closure::<dyn FnMut(web_sys::Event)>::new(handle);
    _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    closure.forget();
}
