//! Keyboard shortcuts of the guest table (island).

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomParser, Element, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent, SupportedType};

use crate::ui::{hydrated, listen};

const SHORTCUTS: [(&str, &str); 6] =
    [("/", "Search"), ("j", "Next"), ("k", "Previous"), ("x", "Select"), ("e", "Edit"), ("?", "Keyboard shortcuts")];

/// Keyboard shortcuts of the guest table, and a dialog that edits a guest over the list. Links and forms do the same
/// without it.
#[island]
pub fn TableShortcuts() -> impl IntoView {
    let ready = hydrated();
    let help = RwSignal::new(false);
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let edit = move |row: Element| {
        let (Some(dialog), Some(page)) = (dialog.get_untracked(), address(&row)) else { return };
        spawn_local(async move {
            // If that fails, open the guest's own page.
            if open(&dialog, &page).await.is_none() {
                _ = window().location().assign(&page);
            }
        });
    };
    Effect::new(move |_| {
        listen(&document(), "click", move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let button = target.and_then(|target| target.closest("[data-edit]").ok().flatten());
            if let Some(row) = button.and_then(|button| button.closest("tr").ok().flatten()) {
                event.prevent_default();
                edit(row);
            }
        });
        listen(&document(), "keydown", move |event| {
            let event: KeyboardEvent = event.unchecked_into();
            if event.ctrl_key() || event.meta_key() || event.alt_key() || is_typing() {
                return;
            }
            match event.key().as_str() {
                "/" => focus("#search"),
                "j" => step(1),
                "k" => step(-1),
                "x" => row().into_iter().for_each(|row| select(&row)),
                "e" => row().into_iter().for_each(edit),
                "?" => help.update(|shown| *shown = !*shown),
                _ => return,
            }
            event.prevent_default();
        });
    });
    let keys = move || {
        help.get().then(|| {
            let keys = SHORTCUTS.map(|(key, action)| view! { <dt><kbd>{key}</kbd></dt> <dd>{action}</dd> });
            view! { <div role="status"><dl class="shortcuts">{keys.into_iter().collect_view()}</dl></div> }
        })
    };
    view! {
        <div data-island="table-shortcuts" data-ready=ready>
            {keys}
            <dialog node_ref=dialog class="dialog" aria-label="Edit guest"></dialog>
        </div>
    }
}

/// Shows the form of the guest's page in the dialog; saving it returns to this list.
async fn open(dialog: &HtmlDialogElement, page: &str) -> Option<()> {
    let response: web_sys::Response = JsFuture::from(window().fetch_with_str(page)).await.ok()?.dyn_into().ok()?;
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    let parsed = DomParser::new().ok()?.parse_from_string(&text, SupportedType::TextHtml).ok()?;
    let form = parsed.query_selector("form[action='/api/guests/edit']").ok()??;
    // Islands of a fetched page are never hydrated.
    while let Ok(Some(island)) = form.query_selector("[data-island]") {
        island.remove();
    }
    let location = window().location();
    let here = format!("{}{}", location.pathname().ok()?, location.search().ok()?);
    let onwards: HtmlInputElement = document().create_element("input").ok()?.dyn_into().ok()?;
    onwards.set_type("hidden");
    onwards.set_name("onwards");
    onwards.set_value(&here);
    form.append_child(&onwards).ok()?;
    let close = close_button(dialog)?;
    dialog.replace_children_with_node_1(&close);
    dialog.append_child(&document().adopt_node(&form).ok()?).ok()?;
    dialog.show_modal().ok()
}

fn close_button(dialog: &HtmlDialogElement) -> Option<Element> {
    let button = document().create_element("button").ok()?;
    button.set_attribute("type", "button").ok()?;
    button.set_class_name("button button-small button-quiet dialog-close");
    button.set_text_content(Some("Close"));
    let dialog = dialog.clone();
    listen(&button, "click", move |_| dialog.close());
    Some(button)
}

fn is_typing() -> bool {
    let active = document().active_element();
    active
        .is_some_and(|active| active.matches("input:not([type=checkbox]), select, textarea, dialog *").unwrap_or(true))
}

fn focus(selector: &str) {
    let element = document().query_selector(selector).ok().flatten();
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        _ = element.focus();
    }
}

/// The row in which the focus is.
fn row() -> Option<Element> {
    document().active_element()?.closest("tbody tr").ok()?
}

/// Moves the focus along the guests' names.
fn step(by: i32) {
    let Ok(names) = document().query_selector_all("tbody .guest-name") else { return };
    let here = row();
    let at = (0..names.length()).find(|at| {
        let row = names.get(*at).and_then(|name| name.dyn_into::<Element>().ok()?.closest("tr").ok()?);
        row.is_some() && row == here
    });
    let to = match at {
        Some(at) => (at as i32 + by).clamp(0, names.length() as i32 - 1),
        None => 0,
    };
    if let Some(name) = names.get(to as u32).and_then(|name| name.dyn_into::<HtmlElement>().ok()) {
        _ = name.focus();
    }
}

fn select(row: &Element) {
    let checkbox = row.query_selector("input[type=checkbox]").ok().flatten();
    if let Some(checkbox) = checkbox.and_then(|checkbox| checkbox.dyn_into::<HtmlInputElement>().ok()) {
        checkbox.set_checked(!checkbox.checked());
    }
}

fn address(row: &Element) -> Option<String> {
    row.query_selector(".guest-name").ok()??.get_attribute("href")
}
