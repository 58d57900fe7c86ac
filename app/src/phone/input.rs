//! Phone number input: searches countries, and checks the number while typing (island).

use guestguard::phone::{COMMON, Country};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlInputElement, HtmlSelectElement, KeyboardEvent};

use super::check::{TypedNumber, check};
use crate::ui::{hydrated, listen, words};

/// The numbering plans of all countries, the same that the server uses.
pub const TABLE: &str = "/phone-countries.json";

/// The number's and the country's plain fields, and the search between them.
#[derive(Clone, Copy)]
struct PhoneState {
    /// The id of the number's field; that of the country is `country`.
    number_id: StoredValue<String>,
    countries: RwSignal<Vec<Country>>,
    /// ISO code of the selected country.
    selected: RwSignal<String>,
    number: RwSignal<TypedNumber>,
    search: RwSignal<String>,
    open: RwSignal<bool>,
    /// The active option of the list.
    active: RwSignal<usize>,
    matches: Memo<Vec<Country>>,
}

impl PhoneState {
    fn new(number_id: String) -> Self {
        let (countries, search_text) = (RwSignal::new(Vec::new()), RwSignal::new(String::new()));
        Self {
            number_id: StoredValue::new(number_id),
            countries,
            selected: RwSignal::new(String::new()),
            number: RwSignal::new(TypedNumber::Empty),
            search: search_text,
            open: RwSignal::new(false),
            active: RwSignal::new(0),
            matches: Memo::new(move |_| countries.with(|all| search(all, &search_text.get()))),
        }
    }

    fn number_field(self) -> Option<HtmlInputElement> {
        field(&self.number_id.get_value())
    }

    fn country_field() -> Option<HtmlSelectElement> {
        field("country")
    }

    fn option_id(self, at: usize) -> String {
        format!("{}-country-{at}", self.number_id.get_value())
    }

    /// Loads the countries, and follows the plain fields.
    fn connect(self) {
        spawn_local(async move {
            if let Some(countries) = fetch_countries().await {
                self.countries.set(countries);
                self.check(false);
            }
        });
        if let Some(number) = self.number_field() {
            listen(&number, "input", move |_| self.check(false));
            listen(&number, "blur", move |_| self.check(true));
        }
        if let Some(select) = Self::country_field() {
            self.selected.set(select.value());
            listen(&select, "change", move |_| self.check(false));
        }
    }

    /// Checks the number and selects its country; `clean` also rewrites it in E.164.
    fn check(self, clean: bool) {
        let (Some(number), Some(select)) = (self.number_field(), Self::country_field()) else { return };
        let typed = self.countries.with_untracked(|all| check(&number.value(), &select.value(), all, fits));
        match &typed {
            TypedNumber::Valid { e164, iso } => {
                select.set_value(iso);
                if clean {
                    number.set_value(e164);
                }
            }
            TypedNumber::Invalid { iso: Some(iso), .. } => select.set_value(iso),
            _ => {}
        }
        self.selected.set(select.value());
        self.number.set(typed);
    }

    fn select(self, iso: &str) {
        if let Some(select) = Self::country_field() {
            select.set_value(iso);
        }
        self.close();
        self.check(false);
        if let Some(number) = self.number_field() {
            _ = number.focus();
        }
    }

    fn close(self) {
        self.search.set(String::new());
        self.open.set(false);
    }

    fn search(self, text: String) {
        self.search.set(text);
        self.active.set(0);
        self.open.set(true);
    }

    fn on_key(self, event: &KeyboardEvent) {
        let last = self.matches.with(Vec::len).saturating_sub(1);
        let open = self.open.get();
        match event.key().as_str() {
            "ArrowDown" if !open => self.open.set(true),
            "ArrowDown" => self.active.update(|at| *at = if *at < last { *at + 1 } else { 0 }),
            "ArrowUp" => self.active.update(|at| *at = at.checked_sub(1).unwrap_or(last)),
            "Home" if open => self.active.set(0),
            "End" if open => self.active.set(last),
            "Enter" if open => {
                if let Some(country) = self.matches.with(|all| all.get(self.active.get()).cloned()) {
                    self.select(&country.iso);
                }
            }
            "Escape" => self.close(),
            _ => return,
        }
        event.prevent_default();
    }

    fn active_option(self) -> Option<String> {
        (self.open.get() && self.matches.with(|all| !all.is_empty())).then(|| self.option_id(self.active.get()))
    }

    /// Flag and dial code of the selected country.
    fn selected_label(self) -> Option<String> {
        let iso = self.selected.get();
        self.countries.with(|all| {
            all.iter().find(|country| country.iso == iso).map(|country| format!("{} +{}", country.flag(), country.dial))
        })
    }
}

/// Beside a number's plain fields: finds a country by name, ISO code or dial code (ARIA 1.2 combobox with a list), checks
/// the number while typing, and selects the country of a pasted number.
#[island]
pub fn PhoneInput(
    /// The id of the number's field; that of the country is `country`.
    id: String,
) -> impl IntoView {
    let ready = hydrated();
    let list_id = format!("{id}-countries");
    let state = PhoneState::new(id);
    Effect::new(move |_| state.connect());
    // Keeps the active option in sight.
    Effect::new(move |_| {
        let active = state.active.get();
        if state.open.get()
            && let Some(option) = field::<web_sys::Element>(&state.option_id(active))
        {
            option.scroll_into_view_with_bool(false);
        }
    });
    let list = list_id.clone();
    view! {
        <div data-island="phone-input" data-ready=ready hidden=move || state.countries.with(Vec::is_empty)>
            <div class="phone-combobox">
                <span class="phone-selected" aria-hidden="true">{move || state.selected_label()}</span>
                <input
                    type="text"
                    role="combobox"
                    aria-label="Search countries"
                    aria-expanded=move || state.open.get().to_string()
                    aria-controls=list
                    aria-autocomplete="list"
                    aria-activedescendant=move || state.active_option()
                    autocomplete="off"
                    placeholder="Search countries"
                    prop:value=state.search
                    on:input:target=move |event| state.search(event.target().value())
                    on:focus=move |_| state.open.set(true)
                    on:blur=move |_| state.open.set(false)
                    on:keydown=move |event| state.on_key(&event)
                />
                <ul id=list_id role="listbox" aria-label="Countries" hidden=move || !state.open.get()>
                    {move || options(state)}
                </ul>
            </div>
            <p class="phone-check" aria-live="polite">{move || result(state.number.get())}</p>
        </div>
    }
}

fn options(state: PhoneState) -> impl IntoView {
    let option = move |(at, country): (usize, Country)| {
        let iso = country.iso.clone();
        view! {
            <li
                id=state.option_id(at)
                role="option"
                aria-selected=move || (state.active.get() == at).to_string()
                on:mousedown=move |event| {
                    event.prevent_default();
                    state.select(&iso);
                }
            >
                <span aria-hidden="true">{country.flag()}</span>
                " "
                {country.name.clone()}
                <span class="phone-dial">{format!(" +{}", country.dial)}</span>
            </li>
        }
    };
    state.matches.get().into_iter().enumerate().map(option).collect_view()
}

fn result(number: TypedNumber) -> AnyView {
    match number {
        TypedNumber::Empty => ().into_any(),
        TypedNumber::Valid { e164, .. } => view! { <span class="phone-valid">{format!("✓ {e164}")}</span> }.into_any(),
        TypedNumber::Invalid { error, example, .. } => {
            view! { <span>{words::phone(error, &example)}</span> }.into_any()
        }
    }
}

/// Countries whose name, ISO code or dial code begins as typed, then those with such a word in their name.
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
    let mut matches: Vec<(u8, &Country)> =
        countries.iter().filter_map(|country| Some((rank(country)?, country))).collect();
    let common = |country: &Country| COMMON.iter().position(|iso| *iso == country.iso).unwrap_or(COMMON.len());
    matches.sort_by_key(|(rank, country)| (*rank, !country.main && !typed.is_empty(), common(country)));
    matches.into_iter().map(|(_, country)| country.clone()).collect()
}

fn fits(pattern: &str, number: &str) -> bool {
    js_sys::RegExp::new(&format!("^(?:{pattern})$"), "").test(number)
}

async fn fetch_countries() -> Option<Vec<Country>> {
    let response: web_sys::Response = JsFuture::from(window().fetch_with_str(TABLE)).await.ok()?.dyn_into().ok()?;
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    serde_json::from_str(&text).ok()
}

fn field<T: JsCast>(id: &str) -> Option<T> {
    document().get_element_by_id(id)?.dyn_into().ok()
}
