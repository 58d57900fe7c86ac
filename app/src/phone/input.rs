use guestguard::phone::{COMMON, Country};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlInputElement, HtmlSelectElement, KeyboardEvent};

use super::reading::{Reading, read};
use crate::ui::{hydrated, listen, words};

/// The table of countries, the same that the server judges by.
pub const TABLE: &str = "/phone-countries.json";
/// Beside a number's plain fields: finds a country by name, ISO code or dial code (ARIA 1.2 combobox with a list), tells
/// while one types what the number is or what it lacks, and picks the country of a pasted number.
#[island]
pub fn PhoneInput(
    /// The id of the number's field; that of the country is `country`.
    id: String,
) -> impl IntoView {
    let ready = hydrated();
    let countries = RwSignal::new(Vec::<Country>::new());
    let reading = RwSignal::new(Reading::Empty);
    let (filter, open, at) = (RwSignal::new(String::new()), RwSignal::new(false), RwSignal::new(0_usize));
    let chosen = RwSignal::new(String::new());
    let (number_id, list_id) = (StoredValue::new(id.clone()), format!("{id}-countries"));

    let look = move |clean: bool| {
        let (Some(number), Some(select)) =
            (field::<HtmlInputElement>(&number_id.get_value()), field::<HtmlSelectElement>("country"))
        else {
            return;
        };
        let now = countries.with_untracked(|all| read(&number.value(), &select.value(), all, fits));
        match &now {
            Reading::Number { e164, iso } => {
                select.set_value(iso);
                if clean {
                    number.set_value(e164);
                }
            }
            Reading::Wrong { iso: Some(iso), .. } => select.set_value(iso),
            _ => {}
        }
        chosen.set(select.value());
        reading.set(now);
    };
    Effect::new(move |_| {
        spawn_local(async move {
            if let Some(table) = table().await {
                countries.set(table);
                look(false);
            }
        });
        if let Some(number) = field::<HtmlInputElement>(&number_id.get_value()) {
            listen(&number, "input", move |_| look(false));
            listen(&number, "blur", move |_| look(true));
        }
        if let Some(select) = field::<HtmlSelectElement>("country") {
            chosen.set(select.value());
            listen(&select, "change", move |_| look(false));
        }
    });

    let found = Memo::new(move |_| countries.with(|all| search(all, &filter.get())));
    let choose = move |iso: String| {
        if let Some(select) = field::<HtmlSelectElement>("country") {
            select.set_value(&iso);
        }
        filter.set(String::new());
        open.set(false);
        look(false);
        if let Some(number) = field::<HtmlInputElement>(&number_id.get_value()) {
            _ = number.focus();
        }
    };
    let keys = move |event: KeyboardEvent| {
        let count = found.with(Vec::len);
        match event.key().as_str() {
            "ArrowDown" if !open.get() => open.set(true),
            "ArrowDown" => at.update(|at| *at = if *at + 1 < count { *at + 1 } else { 0 }),
            "ArrowUp" => at.update(|at| *at = at.checked_sub(1).unwrap_or(count.saturating_sub(1))),
            "Home" if open.get() => at.set(0),
            "End" if open.get() => at.set(count.saturating_sub(1)),
            "Enter" if open.get() => {
                if let Some(country) = found.with(|found| found.get(at.get()).cloned()) {
                    choose(country.iso);
                }
            }
            "Escape" => {
                filter.set(String::new());
                open.set(false);
            }
            _ => return,
        }
        event.prevent_default();
    };
    let option_id = {
        let id = id.clone();
        move |at: usize| format!("{id}-country-{at}")
    };
    let active = {
        let option_id = option_id.clone();
        move || (open.get() && found.with(|found| !found.is_empty())).then(|| option_id(at.get()))
    };
    // What the keys reach is in sight.
    Effect::new(move |_| {
        let (at, open) = (at.get(), open.get());
        if open && let Some(option) = field::<web_sys::Element>(&format!("{}-country-{at}", number_id.get_value())) {
            option.scroll_into_view_with_bool(false);
        }
    });
    let shown = move || {
        let iso = chosen.get();
        countries.with(|all| {
            all.iter().find(|country| country.iso == iso).map(|country| format!("{} +{}", country.flag(), country.dial))
        })
    };
    let options = move || {
        let option_id = option_id.clone();
        found
            .get()
            .into_iter()
            .enumerate()
            .map(|(place, country)| {
                let iso = country.iso.clone();
                view! {
                    <li
                        id=option_id(place)
                        role="option"
                        aria-selected=move || (at.get() == place).to_string()
                        on:mousedown=move |event| {
                            event.prevent_default();
                            choose(iso.clone());
                        }
                    >
                        <span aria-hidden="true">{country.flag()}</span>
                        " "
                        {country.name.clone()}
                        <span class="phone-dial">{format!(" +{}", country.dial)}</span>
                    </li>
                }
            })
            .collect_view()
    };
    let told = move || match reading.get() {
        Reading::Empty => ().into_any(),
        Reading::Number { e164, .. } => view! { <span class="phone-good">{format!("✓ {e164}")}</span> }.into_any(),
        Reading::Wrong { wrong, example, .. } => view! { <span>{words::phone(wrong, &example)}</span> }.into_any(),
    };
    let list = list_id.clone();
    view! {
        <div data-island="phone-input" data-ready=ready hidden=move || countries.with(Vec::is_empty)>
            <div class="phone-combobox">
                <span class="phone-chosen" aria-hidden="true">{shown}</span>
                <input
                    type="text"
                    role="combobox"
                    aria-label="Find a country"
                    aria-expanded=move || open.get().to_string()
                    aria-controls=list
                    aria-autocomplete="list"
                    aria-activedescendant=active
                    autocomplete="off"
                    placeholder="Find a country"
                    prop:value=filter
                    on:input:target=move |event| {
                        filter.set(event.target().value());
                        at.set(0);
                        open.set(true);
                    }
                    on:focus=move |_| open.set(true)
                    on:blur=move |_| open.set(false)
                    on:keydown=keys
                />
                <ul id=list_id role="listbox" aria-label="Countries" hidden=move || !open.get()>{options}</ul>
            </div>
            <p class="phone-told" aria-live="polite">{told}</p>
        </div>
    }
}

/// Countries whose name, ISO code or dial code begins as typed, then those whose name has a word that does.
fn search(countries: &[Country], typed: &str) -> Vec<Country> {
    let typed = typed.trim().to_lowercase();
    let code = typed.trim_start_matches('+');
    let rank = |country: &Country| {
        let name = country.name.to_lowercase();
        match () {
            () if country.iso.to_lowercase() == typed || country.dial == code => Some(0),
            () if name.starts_with(&typed) => Some(1),
            () if !code.is_empty() && country.dial.starts_with(code) => Some(2),
            () if name.split([' ', '-', '(']).any(|word| word.starts_with(&typed)) => Some(3),
            () => None,
        }
    };
    let mut found: Vec<(u8, &Country)> =
        countries.iter().filter_map(|country| Some((rank(country)?, country))).collect();
    let common = |country: &Country| COMMON.iter().position(|iso| *iso == country.iso).unwrap_or(COMMON.len());
    found.sort_by_key(|(rank, country)| (*rank, !country.main && !typed.is_empty(), common(country)));
    found.into_iter().map(|(_, country)| country.clone()).collect()
}

fn fits(pattern: &str, number: &str) -> bool {
    js_sys::RegExp::new(&format!("^(?:{pattern})$"), "").test(number)
}

async fn table() -> Option<Vec<Country>> {
    let answer: web_sys::Response = JsFuture::from(window().fetch_with_str(TABLE)).await.ok()?.dyn_into().ok()?;
    let text = JsFuture::from(answer.text().ok()?).await.ok()?.as_string()?;
    serde_json::from_str(&text).ok()
}

fn field<T: JsCast>(id: &str) -> Option<T> {
    document().get_element_by_id(id)?.dyn_into().ok()
}
