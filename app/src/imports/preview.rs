//! Import preview: what a chosen file holds, before it is sent (island).

use guestguard::{
    imports::{MOST_BYTES, columns::Column},
    problem::{FieldError, FileError},
};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, File, HtmlFormElement, HtmlInputElement};

use super::{
    column::ColumnChoice,
    preview_table::{self, PreviewTable, Summary},
    send::send,
};
use crate::ui::{hydrated, listen, words};

/// The preview of a chosen file.
#[derive(Clone, Debug, PartialEq)]
enum Preview {
    NoFile,
    /// A kind that only the server reads.
    Unread,
    Refused(FileError),
    Table(Vec<PreviewColumn>),
}

/// A column as detected.
#[derive(Clone, Debug, PartialEq)]
struct PreviewColumn {
    column: Column,
    heading: Option<String>,
    sample: Vec<String>,
}

/// The chosen file, and its summary with the columns as mapped now.
#[derive(Clone, Copy)]
struct ChosenFile {
    preview: RwSignal<Preview>,
    table: StoredValue<Option<PreviewTable>>,
    summary: RwSignal<Summary>,
}

/// Previews a chosen file before it is sent, and shows the progress of the upload. The form around it works without.
#[island]
pub fn ImportPreview() -> impl IntoView {
    let ready = hydrated();
    let root = NodeRef::<leptos::html::Div>::new();
    let chosen = ChosenFile {
        preview: RwSignal::new(Preview::NoFile),
        table: StoredValue::new(None),
        summary: RwSignal::new(Summary::default()),
    };
    let sent = RwSignal::new(None::<f64>);
    let problem = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        let Some(form) = root.get().and_then(|root| root.closest("form").ok().flatten()) else { return };
        let form: HtmlFormElement = form.unchecked_into();
        let changed = move |event: Event| {
            let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else {
                return;
            };
            if input.type_() == "file" {
                problem.set(None);
                chosen.load(input.files().and_then(|files| files.get(0)));
            }
        };
        listen(&form, "change", changed);
        // A file chosen before the island was hydrated.
        if let Some(input) = form.query_selector("input[type=file]").ok().flatten() {
            chosen.load(input.unchecked_into::<HtmlInputElement>().files().and_then(|files| files.get(0)));
        }
        let sending = form.clone();
        listen(&form, "submit", move |event: Event| {
            match (sent.get_untracked(), chosen.preview.get_untracked()) {
                (None, Preview::NoFile) => {}
                (None, Preview::Table(_) | Preview::Unread) => {
                    event.prevent_default();
                    send(&sending, sent, problem);
                }
                // Being sent already, or refused.
                _ => event.prevent_default(),
            }
        });
    });
    let bar = move || {
        sent.get().map(|share| {
            view! {
                <p class="import-progress" role="status">
                    <progress max="1" value=share.to_string() aria-label="Upload"></progress>
                    {if share < 1.0 { "Uploading…" } else { "Reading the file…" }}
                </p>
            }
        })
    };
    view! {
        <div node_ref=root data-island="import-preview" data-ready=ready>
            {move || preview(chosen)}
            {move || problem.get().map(|words| view! { <p class="error" role="alert">{words}</p> })}
            {bar}
        </div>
    }
}

fn preview(chosen: ChosenFile) -> AnyView {
    match chosen.preview.get() {
        Preview::NoFile => ().into_any(),
        Preview::Unread => {
            view! { <p class="hint" role="status">"You can review this file on the next page."</p> }.into_any()
        }
        Preview::Refused(fault) => {
            view! { <p class="error" role="alert">{words::field_error(&FieldError::File(fault))}</p> }.into_any()
        }
        Preview::Table(columns) => table(chosen, columns).into_any(),
    }
}

fn table(chosen: ChosenFile, columns: Vec<PreviewColumn>) -> impl IntoView {
    let choices = columns.into_iter().enumerate().map(|(at, PreviewColumn { column, heading, sample })| {
        let changed = Callback::new(move |column| chosen.map(at, column));
        view! { <ColumnChoice at name="columns" column heading sample changed/> }
    });
    view! {
        <div class="import-preview">
            {move || summary(chosen.summary.get())}
            <fieldset>
                <legend>"Match columns"</legend>
                <ul class="column-list">{choices.collect_view()}</ul>
            </fieldset>
        </div>
    }
}

fn summary(summary: Summary) -> impl IntoView {
    let facts = [
        (summary.addresses, "with an email"),
        (summary.phones, "with a phone number"),
        (summary.bad_addresses, "with an invalid email"),
        (summary.repeated, "with a duplicate email"),
        (summary.nameless, "without a name"),
    ];
    let facts: Vec<_> = facts.into_iter().filter(|(n, _)| *n > 0).map(|(n, fact)| format!("{n} {fact}")).collect();
    view! {
        <p role="status">
            <strong>{words::counted(summary.rows as i64, "guest")}</strong> {(!facts.is_empty()).then(|| format!(": {}.", facts.join(", ")))}
        </p>
        <ol class="paste-entries">
            {summary
                .first
                .into_iter()
                .map(|[name, email, phone]| {
                    let contact = [email, phone].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
                    view! { <li class="paste-entry"><strong>{name}</strong> <span>{contact}</span></li> }
                })
                .collect_view()}
        </ol>
    }
}

impl ChosenFile {
    fn load(self, file: Option<File>) {
        self.preview.set(Preview::NoFile);
        let Some(file) = file else { return };
        if file.size() > MOST_BYTES as f64 {
            return self.preview.set(Preview::Refused(FileError::TooLarge));
        }
        spawn_local(async move {
            if let Ok(buffer) = JsFuture::from(file.array_buffer()).await {
                self.show(preview_table::read(&js_sys::Uint8Array::new(&buffer).to_vec()));
            }
        });
    }

    fn show(self, read: Result<Option<PreviewTable>, FileError>) {
        let preview = match read {
            Err(fault) => Preview::Refused(fault),
            Ok(None) => Preview::Unread,
            Ok(Some(table)) => {
                let columns = table.layout.columns.iter().enumerate();
                let columns = columns.map(|(at, column)| PreviewColumn {
                    column: *column,
                    heading: table.heading(at),
                    sample: table.sample(at),
                });
                let columns = columns.collect();
                self.summary.set(table.summary());
                self.table.set_value(Some(table));
                Preview::Table(columns)
            }
        };
        self.preview.set(preview);
    }

    fn map(self, at: usize, column: Column) {
        self.table.update_value(|table| {
            if let Some(table) = table {
                table.map(at, column);
                self.summary.set(table.summary());
            }
        });
    }
}
