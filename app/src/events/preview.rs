//! Live preview of the invitation beside the event form (island).

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlInputElement, HtmlSelectElement};

use crate::ui::hydrated;

/// The invitation as guests will see it. Follows the form on the same page, and selects the browser's time zone if none
/// is chosen.
#[island]
pub fn InvitationPreview(
    host_name: String,
    title: String,
    /// Readable start, or empty.
    when: String,
    venue: String,
    theme: String,
    guess_zone: bool,
) -> impl IntoView {
    let ready = hydrated();
    let (title, when) = (RwSignal::new(title), RwSignal::new(when));
    let (venue, theme) = (RwSignal::new(venue), RwSignal::new(theme));
    Effect::new(move |_| {
        if guess_zone {
            choose_zone();
        }
        let show = move |input: HtmlInputElement| match input.name().as_str() {
            "form[title]" => title.set(input.value()),
            "form[starts]" => when.set(in_words(&input.value())),
            "form[venue]" => venue.set(input.value()),
            "form[theme]" => theme.set(input.value()),
            _ => {}
        };
        // Includes what was typed before hydration.
        filled_in().into_iter().for_each(show);
        let follow = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            input.into_iter().for_each(show);
        });
        // The listener lives as long as the page.
        let _ = document().add_event_listener_with_callback("input", follow.as_ref().unchecked_ref());
        follow.forget();
    });
    view! {
        <article class="invitation" data-theme=theme data-island="invitation-preview" data-ready=ready>
            <div class="invitation-ornament" aria-hidden="true"></div>
            <p class="invitation-greeting">"Dear guest,"</p>
            <p class="invitation-host">{host_name} " invites you to"</p>
            <p class="invitation-title">{move || or(title.get(), "Your event")}</p>
            <p class="invitation-when">{move || or(when.get(), "Date and time")}</p>
            <p class="invitation-where">{venue}</p>
        </article>
    }
}

fn or(text: String, else_text: &str) -> String {
    if text.trim().is_empty() { else_text.to_owned() } else { text }
}

/// The inputs that the preview shows.
fn filled_in() -> Vec<HtmlInputElement> {
    ["#title", "#starts", "#venue", "input[name='form[theme]']:checked"]
        .into_iter()
        .filter_map(|found| document().query_selector(found).ok().flatten()?.dyn_into().ok())
        .collect()
}

/// "Thursday, 24 December 2026, 18:30" of an input's local time. Read as UTC, so that no zone moves it.
fn in_words(local: &str) -> String {
    let date = js_sys::Date::new(&format!("{local}:00Z").into());
    if date.get_time().is_nan() {
        return String::new();
    }
    let options = js_sys::Object::new();
    for (name, value) in [("dateStyle", "full"), ("timeStyle", "short"), ("timeZone", "UTC")] {
        // Setting a field of a fresh object cannot fail.
        let _ = js_sys::Reflect::set(&options, &name.into(), &value.into());
    }
    date.to_locale_string("en-GB", &options).into()
}

/// Selects the browser's time zone in the form.
fn choose_zone() {
    let options = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new()).resolved_options();
    let zone = js_sys::Reflect::get(&options, &"timeZone".into()).ok().and_then(|zone| zone.as_string());
    let list = document().get_element_by_id("time_zone").and_then(|e| e.dyn_into::<HtmlSelectElement>().ok());
    if let (Some(zone), Some(list)) = (zone, list)
        && list.value().is_empty()
    {
        list.set_value(&zone);
    }
}
