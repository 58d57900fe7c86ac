use guestguard::guests::paste::{Entry, Reading, Unclear, read};
use leptos::prelude::*;

use crate::ui::{escape, hydrated};

/// A field for a pasted list with, below it, what was understood of each line. The server draws it with what came
/// back; in the browser it follows the typing.
#[island]
pub fn QuickAdd(
    text: String,
    fault: Option<String>,
    /// Addresses that are on the list already, in lower case, as far as the server has read the list.
    known: Vec<String>,
) -> impl IntoView {
    let ready = hydrated();
    let bad = fault.is_some();
    let shown = escape::textarea(&text);
    let text = RwSignal::new(text);
    let area = NodeRef::<leptos::html::Textarea>::new();
    // What was pasted before the scripts arrived.
    Effect::new(move |_| area.get().into_iter().for_each(|area| text.set(area.value())));
    let entries = Memo::new(move |_| read(&text.get()));
    let summary = move || summary(&entries.get());
    let lines = {
        let known = known.clone();
        move || entries.get().into_iter().map(|entry| line(entry, &known)).collect_view()
    };
    view! {
        <div class="quick-add" data-island="quick-add" data-ready=ready>
            <div class="field" data-invalid=bad.then_some("true")>
                <label for="text">"Names and addresses"</label>
                <p class="hint" id="text-hint">
                    "One person a line, such as “Ada Lovelace <ada@example.org>”, columns copied from a spreadsheet, or a mail program's whole To field."
                </p>
                <textarea
                    node_ref=area
                    id="text"
                    name="form[text]"
                    rows="8"
                    required
                    maxlength="60000"
                    aria-invalid=bad.then_some("true")
                    aria-describedby=if bad { "text-hint text-error" } else { "text-hint" }
                    inner_html=shown
                    on:input:target=move |event| text.set(event.target().value())
                ></textarea>
                {fault.map(|fault| view! { <p class="error" role="alert" id="text-error">{fault}</p> })}
            </div>
            <p role="status">{summary}</p>
            <ul class="parsed">{lines}</ul>
        </div>
    }
}

fn line(entry: Entry, known: &[String]) -> impl IntoView + use<> {
    let (state, name, way, why) = match entry.reading {
        Reading::Guest(person) => {
            let listed = person.email.as_ref().is_some_and(|email| known.contains(&email.to_lowercase()));
            let way = person.email.or(person.phone).unwrap_or_default();
            if listed {
                ("duplicate", person.name, way, "Already on the list: will be passed over.")
            } else {
                ("ok", person.name, way, "")
            }
        }
        Reading::Repeated(person) => {
            ("duplicate", person.name, person.email.unwrap_or_default(), "The same address stands further up.")
        }
        Reading::Unclear(why) => ("problem", entry.raw, String::new(), words(why)),
    };
    let why =
        (!why.is_empty()).then(|| view! { <span class="parsed-why">{format!("Line {}: {why}", entry.line)}</span> });
    view! {
        <li class="parsed-line" data-state=state>
            <span class="parsed-name">{name}</span>
            " "
            <span class="parsed-email">{way}</span>
            " "
            {why}
        </li>
    }
}

fn words(why: Unclear) -> &'static str {
    match why {
        Unclear::BadAddress => "the e-mail address is not complete.",
        Unclear::SeveralAddresses => "there is more than one address; give each person a line.",
        Unclear::TooLong => "that is too long for a name.",
    }
}

fn summary(entries: &[Entry]) -> String {
    let guests = entries.iter().filter(|entry| matches!(entry.reading, Reading::Guest(_))).count();
    let unclear = entries.iter().filter(|entry| matches!(entry.reading, Reading::Unclear(_))).count();
    match (entries.len(), guests, unclear) {
        (0, ..) => String::new(),
        (_, 1, 0) => "1 person understood.".to_owned(),
        (_, n, 0) => format!("{n} people understood."),
        (_, n, bad) => format!("{n} understood, {bad} to correct before anybody is added."),
    }
}
