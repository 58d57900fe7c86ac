use guestguard::{
    imports::{MOST_BYTES, columns::Column},
    problem::{FieldError, FileError},
};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, File, HtmlFormElement, HtmlInputElement};

use super::{
    choice::ColumnChoice,
    reading::{self, Summary, Table},
    sending::send,
};
use crate::ui::{hydrated, listen, words};

/// What is seen of a file before it is sent.
#[derive(Clone, Debug, PartialEq)]
enum Sight {
    Nothing,
    /// Kinds that only the server reads.
    Unread,
    Refused(FileError),
    Table(Vec<Seen>),
}

/// A column as it was recognised.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    column: Column,
    heading: Option<String>,
    sample: Vec<String>,
}

/// The chosen file: what is seen of it, its table, and what that means as its columns are chosen now.
#[derive(Clone, Copy)]
struct Chosen {
    sight: RwSignal<Sight>,
    table: StoredValue<Option<Table>>,
    summary: RwSignal<Summary>,
}

/// Shows what a chosen file holds before it is sent, and how far the sending is. The form stands around it and works
/// without.
#[island]
pub fn ImportPreview() -> impl IntoView {
    let ready = hydrated();
    let root = NodeRef::<leptos::html::Div>::new();
    let chosen = Chosen {
        sight: RwSignal::new(Sight::Nothing),
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
                chosen.look(input.files().and_then(|files| files.get(0)));
            }
        };
        listen(&form, "change", changed);
        // What was chosen before the scripts arrived.
        if let Some(input) = form.query_selector("input[type=file]").ok().flatten() {
            chosen.look(input.unchecked_into::<HtmlInputElement>().files().and_then(|files| files.get(0)));
        }
        let sending = form.clone();
        listen(&form, "submit", move |event: Event| {
            match (sent.get_untracked(), chosen.sight.get_untracked()) {
                (None, Sight::Nothing) => {}
                (None, Sight::Table(_) | Sight::Unread) => {
                    event.prevent_default();
                    send(&sending, sent, problem);
                }
                // On its way already, or refused for a reason that stands there.
                _ => event.prevent_default(),
            }
        });
    });
    let bar = move || {
        sent.get().map(|share| {
            view! {
                <p class="import-progress" role="status">
                    <progress max="1" value=share.to_string() aria-label="Sent"></progress>
                    {if share < 1.0 { "Sending the file …" } else { "Reading it …" }}
                </p>
            }
        })
    };
    view! {
        <div node_ref=root data-island="import-preview" data-ready=ready>
            {move || seen(chosen)}
            {move || problem.get().map(|words| view! { <p class="error" role="alert">{words}</p> })}
            {bar}
        </div>
    }
}

fn seen(chosen: Chosen) -> AnyView {
    match chosen.sight.get() {
        Sight::Nothing => ().into_any(),
        Sight::Unread => {
            view! { <p class="hint" role="status">"You see what is in it on the next page."</p> }.into_any()
        }
        Sight::Refused(fault) => {
            view! { <p class="error" role="alert">{words::fault(&FieldError::File(fault))}</p> }.into_any()
        }
        Sight::Table(columns) => table(chosen, columns).into_any(),
    }
}

fn table(chosen: Chosen, columns: Vec<Seen>) -> impl IntoView {
    let choices = columns.into_iter().enumerate().map(|(at, Seen { column, heading, sample })| {
        let changed = Callback::new(move |column| chosen.choose(at, column));
        view! { <ColumnChoice at name="columns" column heading sample changed/> }
    });
    view! {
        <div class="import-preview">
            {move || found(chosen.summary.get())}
            <fieldset>
                <legend>"What each column holds"</legend>
                <ul class="column-list">{choices.collect_view()}</ul>
            </fieldset>
        </div>
    }
}

fn found(summary: Summary) -> impl IntoView {
    let facts = [
        (summary.addresses, "with an e-mail address"),
        (summary.phones, "with a phone number"),
        (summary.bad_addresses, "with an address that can't be right"),
        (summary.repeated, "with an address that stands there before"),
        (summary.nameless, "without a name"),
    ];
    let facts: Vec<_> = facts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    view! {
        <p role="status">
            <strong>{words::counted(summary.rows as i64, "guest")}</strong> {(!facts.is_empty()).then(|| format!(": {}.", facts.join(", ")))}
        </p>
        <ol class="parsed">
            {summary
                .first
                .into_iter()
                .map(|[name, email, phone]| {
                    let way = [email, phone].into_iter().filter(|way| !way.is_empty()).collect::<Vec<_>>().join(" · ");
                    view! { <li class="parsed-line"><strong>{name}</strong> <span>{way}</span></li> }
                })
                .collect_view()}
        </ol>
    }
}

impl Chosen {
    /// Looks into a file that was chosen.
    fn look(self, file: Option<File>) {
        self.sight.set(Sight::Nothing);
        let Some(file) = file else { return };
        if file.size() > MOST_BYTES as f64 {
            return self.sight.set(Sight::Refused(FileError::TooLarge));
        }
        spawn_local(async move {
            if let Ok(buffer) = JsFuture::from(file.array_buffer()).await {
                self.show(reading::read(&js_sys::Uint8Array::new(&buffer).to_vec()));
            }
        });
    }

    fn show(self, read: Result<Option<Table>, FileError>) {
        let sight = match read {
            Err(fault) => Sight::Refused(fault),
            Ok(None) => Sight::Unread,
            Ok(Some(table)) => {
                let columns = table.layout.columns.iter().enumerate();
                let columns = columns.map(|(at, column)| Seen {
                    column: *column,
                    heading: table.heading(at),
                    sample: table.sample(at),
                });
                let columns = columns.collect();
                self.summary.set(table.summary());
                self.table.set_value(Some(table));
                Sight::Table(columns)
            }
        };
        self.sight.set(sight);
    }

    fn choose(self, at: usize, column: Column) {
        self.table.update_value(|table| {
            if let Some(table) = table {
                table.choose(at, column);
                self.summary.set(table.summary());
            }
        });
    }
}
