use guestguard::{auth::Host, events::Event, imports::queries::Import};
use leptos::prelude::*;

use crate::{
    events::tabs::crumbs,
    ssr,
    ui::{
        button::PostButton,
        form::BACK,
        layout::{Frame, PageHead},
    },
};

/// What became of a file that was taken over.
#[component]
pub fn Outcome(host: Host, event: Event, import: Import, undo: bool) -> impl IntoView {
    let base = format!("/dashboard/events/{}/guests", event.id);
    let rows: i64 = import.counts.values().sum();
    let left = rows - import.added - import.updated - import.unchanged;
    let ids = vec![("event", event.id.to_string()), ("import", import.id.to_string())];
    let mut crumbs = crumbs(&event);
    crumbs.push((base.clone(), "Guests".into()));
    let guests = |n: i64| if n == 1 { "1 guest is".to_owned() } else { format!("{n} guests are") };
    let title = match import.undone_at {
        Some(_) => "This import was undone".to_owned(),
        None if import.added + import.updated == 0 => "Your list says the same already".to_owned(),
        None => format!("{} on your list", guests(import.added + import.updated)),
    };
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title crumbs=crumbs lede=format!("From {}. Nobody was written to.", import.file_name)/>
            <dl class="figures">
                <div class="figure"><dt>"Added"</dt><dd>{import.added}</dd></div>
                <div class="figure"><dt>"Updated"</dt><dd>{import.updated}</dd></div>
                {(import.unchanged > 0)
                    .then(|| view! { <div class="figure"><dt>"Unchanged"</dt><dd>{import.unchanged}</dd></div> })}
                <div class="figure"><dt>"Left out"</dt><dd>{left}</dd></div>
            </dl>
            <section class="import-next actions">
                <a class="button button-primary" href=base.clone()>"Go to the guest list"</a>
                <a class="button" href=format!("/dashboard/events/{}/invite", event.id)>"Send invitations"</a>
            </section>
            {(left > 0)
                .then(|| {
                    view! {
                        <section class="section card">
                            <h2>{if left == 1 { "1 row did not come along".to_owned() } else { format!("{left} rows did not come along") }}</h2>
                            <p>"Download them as a table with the reason beside each, put them right there, and bring that file."</p>
                            <form method="post" action=format!("{base}/import/{}/left", import.id)>
                                <input type="hidden" name=BACK value=ssr::path()/>
                                <button class="button" type="submit">"Download these rows"</button>
                            </form>
                        </section>
                    }
                })}
            {undo
                .then(|| {
                    view! {
                        <section class="section card">
                            <h2>"Not what you wanted?"</h2>
                            <p>
                                "For a day you can take it back. Guests whom you invited or changed since, or who answered, stay."
                            </p>
                            <PostButton action="/api/imports/undo" values=ids class="button button-danger">"Undo this import"</PostButton>
                        </section>
                    }
                })}
        </Frame>
    }
}
