//! Components that know no feature.

/// A link with a button that copies it (island).
pub mod copy;
/// Text where Leptos does not escape it.
pub mod escape;
/// Dialogs that are open when a page arrives.
pub mod modal;
/// Presses a form's preview button while somebody types (island).
pub mod press;
/// Ticks all boxes of a table (island).
pub mod select_all;

/// Buttons that post.
#[cfg(feature = "ssr")]
pub mod button;
/// Fields with label, hint and fault.
#[cfg(feature = "ssr")]
pub mod field;
/// What one request leaves for the next page: a notice, or a form with its faults.
#[cfg(feature = "ssr")]
pub mod flash;
/// Forms that work without JavaScript and keep what was typed.
#[cfg(feature = "ssr")]
pub mod form;
/// The frames around pages.
#[cfg(feature = "ssr")]
pub mod layout;
/// A page: one query, then a view or a problem.
#[cfg(feature = "ssr")]
pub mod page;
/// The ways to other pages of a list.
#[cfg(feature = "ssr")]
pub mod pagination;
/// Links as pictures.
#[cfg(feature = "ssr")]
pub mod qr;
/// Problems and faults in plain English.
pub mod words;

use leptos::prelude::*;

/// Whether the island has woken up: false on the server, true in the browser once its handlers work. Islands show it
/// as `data-ready` on their root, so that tests can wait for it.
pub fn woken() -> impl Fn() -> Option<&'static str> + Clone + Send + Sync + 'static {
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    move || ready.get().then_some("true")
}

/// Listens to what happens at `target`, as long as the page lives.
pub fn listen(target: &web_sys::EventTarget, name: &str, handle: impl FnMut(web_sys::Event) + 'static) {
    use wasm_bindgen::{JsCast, prelude::Closure};
    let closure = Closure::<dyn FnMut(web_sys::Event)>::new(handle);
    _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    closure.forget();
}
