//! Paste box: shows each guest of a pasted list while typing (island).

use guestguard::guests::paste::{ParsedEntry, PasteError, PastedEntry, PastedGuest, parse};
use leptos::prelude::*;

use crate::ui::{escape, hydrated, words};

/// The field of a pasted list, its parsed entries, and the buttons. The server renders it with a form that came back; in
/// the browser it follows the typing.
#[island]
pub fn QuickAdd(
    text: String,
    fault: Option<String>,
    /// Addresses on the guest list already, in lower case, of the text that the server has parsed.
    known: Vec<String>,
) -> impl IntoView {
    let ready = hydrated();
    let bad = fault.is_some();
    let shown = escape::textarea(&text);
    let text = RwSignal::new(text);
    let area = NodeRef::<leptos::html::Textarea>::new();
    // Text pasted before the island was hydrated.
    Effect::new(move |_| area.get().into_iter().for_each(|area| text.set(area.value())));
    let entries = Memo::new(move |_| parse(&text.get()));
    let known = StoredValue::new(known);
    let summary = move || summary(&entries.get(), &known.read_value());
    let list = move || entries.get().into_iter().map(|entry| entry_view(entry, &known.read_value())).collect_view();
    let button = move || match ready_guests(&entries.get(), &known.read_value()) {
        0 => "Add guests".to_owned(),
        n => format!("Add {}", words::counted(n as i64, "guest")),
    };
    view! {
        <div class="quick-add" data-island="quick-add" data-ready=ready>
            <div class="field" data-invalid=bad.then_some("true")>
                <label for="text">"Names and emails"</label>
                <p class="hint" id="text-hint">
                    "One guest per line, such as “Ada Lovelace <ada@example.org>”, columns copied from a spreadsheet, or the whole To field of an email."
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
            <ul class="paste-entries">{list}</ul>
            <div class="form-actions">
                <button class="button button-primary" type="submit">{button}</button>
                <button class="button button-quiet" type="submit" formaction="/api/guests/read-paste">"Preview"</button>
            </div>
        </div>
    }
}

fn entry_view(entry: PastedEntry, known: &[String]) -> impl IntoView + use<> {
    let (state, name, contact, reason) = match entry.parsed {
        ParsedEntry::Guest(guest) => {
            let listed = guest.address().is_some_and(|address| known.contains(&address));
            let contact = guest.email.or(guest.phone).unwrap_or_default();
            if listed {
                ("duplicate", guest.name, contact, "already on the guest list, will be skipped.")
            } else {
                ("ok", guest.name, contact, "")
            }
        }
        ParsedEntry::Repeated(guest) => {
            ("duplicate", guest.name, guest.email.unwrap_or_default(), "duplicate of an earlier line, will be skipped.")
        }
        ParsedEntry::Unclear(error) => ("problem", entry.raw, String::new(), error_text(error)),
    };
    let reason = (!reason.is_empty())
        .then(|| view! { <span class="paste-reason">{format!("Line {}: {reason}", entry.line)}</span> });
    view! {
        <li class="paste-entry" data-state=state>
            <span class="paste-name">{name}</span>
            " "
            <span class="paste-contact">{contact}</span>
            " "
            {reason}
        </li>
    }
}

fn error_text(error: PasteError) -> &'static str {
    match error {
        PasteError::BadAddress => "the email is not complete.",
        PasteError::SeveralAddresses => "more than one email; put each guest on their own line.",
        PasteError::TooLong => "too long for a name.",
    }
}

fn summary(entries: &[PastedEntry], known: &[String]) -> String {
    let ready = ready_guests(entries, known);
    let unclear = entries.iter().filter(|entry| matches!(entry.parsed, ParsedEntry::Unclear(_))).count();
    match (entries.len(), unclear) {
        (0, _) => String::new(),
        (_, 0) => format!("{ready} ready."),
        (_, unclear) => format!("{ready} ready, {unclear} to fix."),
    }
}

fn ready_guests(entries: &[PastedEntry], known: &[String]) -> usize {
    let is_new = |guest: &PastedGuest| guest.address().is_none_or(|address| !known.contains(&address));
    entries.iter().filter(|entry| matches!(&entry.parsed, ParsedEntry::Guest(guest) if is_new(guest))).count()
}
