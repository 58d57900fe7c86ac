//! Result of an import, with its undo.

use guestguard::{actors::Host, events::Event, imports::queries::Import};
use leptos::prelude::*;

use crate::{
    events::tabs::crumbs,
    ssr,
    ui::{
        button::PostButton,
        form::BACK,
        layout::{Frame, PageHead},
        words::{counted, counted_verb},
    },
};

/// The result of a committed import.
#[component]
pub fn ImportResult(host: Host, event: Event, import: Import, undo: bool) -> impl IntoView {
    let base = format!("/dashboard/events/{}/guests", event.id);
    let rows: i64 = import.counts.values().sum();
    let skipped = rows - import.added - import.updated - import.unchanged;
    let ids = vec![("event", event.id.to_string()), ("import", import.id.to_string())];
    let mut crumbs = crumbs(&event);
    crumbs.push((base.clone(), "Guests".into()));
    let title = match import.undone_at {
        Some(_) => "This import was undone".to_owned(),
        None if import.added + import.updated == 0 => "No changes: your guest list is up to date".to_owned(),
        None => format!("{} imported", counted(import.added + import.updated, "guest")),
    };
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title crumbs=crumbs lede=format!("From {}. No emails were sent.", import.file_name)/>
            <dl class="figures">
                <div class="figure"><dt>"Added"</dt><dd>{import.added}</dd></div>
                <div class="figure"><dt>"Updated"</dt><dd>{import.updated}</dd></div>
                {(import.unchanged > 0)
                    .then(|| view! { <div class="figure"><dt>"Unchanged"</dt><dd>{import.unchanged}</dd></div> })}
                <div class="figure"><dt>"Skipped"</dt><dd>{skipped}</dd></div>
            </dl>
            <section class="import-next actions">
                <a class="button button-primary" href=base.clone()>"View guest list"</a>
                <a class="button" href=format!("/dashboard/events/{}/invite", event.id)>"Send invitations"</a>
            </section>
            {(skipped > 0)
                .then(|| {
                    view! {
                        <section class="section card">
                            <h2>{counted_verb(skipped, "line", "was skipped", "were skipped")}</h2>
                            <p>"Download them with the reason for each. Fix them in the file and import it again."</p>
                            <form method="post" action=format!("{base}/import/{}/skipped", import.id)>
                                <input type="hidden" name=BACK value=ssr::path()/>
                                <button class="button" type="submit">"Download skipped lines"</button>
                            </form>
                        </section>
                    }
                })}
            {undo
                .then(|| {
                    view! {
                        <section class="section card">
                            <h2>"Undo this import"</h2>
                            <p>
                                "Available for 24 hours. Guests who have since been invited, edited or replied are kept."
                            </p>
                            <PostButton action="/api/imports/undo" values=ids class="button button-danger">"Undo this import"</PostButton>
                        </section>
                    }
                })}
        </Frame>
    }
}
