use guestguard::{
    ids::EventId,
    imports::{Matches, Verdict, columns::Column, queries::Import},
};
use leptos::prelude::*;

use super::choice::ColumnChoice;
use crate::{phone::field::CountrySelect, ssr, ui::form::BACK};

/// What each column of the file is taken for, and how the rest is read.
#[component]
pub fn Columns(event: EventId, import: Import) -> impl IntoView {
    // Where next to nothing was understood, the columns are what has to be put right.
    let unclear = import.count(Verdict::Attention) > import.count(Verdict::Ready) + import.count(Verdict::Known);
    let layout = import.layout.clone();
    let samples = import.samples.clone();
    let recognised = layout.columns.iter().filter(|column| **column != Column::Other).count();
    let known = import.count(Verdict::Known) > 0 || import.matches != Matches::default();
    view! {
        <details class="import-columns card" open=unclear || known>
            <summary>
                <span>"How the file is read"</span>
                <span class="hint">
                    {format!("{recognised} of {} columns used", layout.columns.len())}
                </span>
            </summary>
            <form class="form" method="post" action="/api/imports/arrange">
                <input type="hidden" name=BACK value=ssr::path()/>
                <input type="hidden" name="event" value=event.to_string()/>
                <input type="hidden" name="import" value=import.id.to_string()/>
                <ul class="column-list">
                    {layout
                        .columns
                        .iter()
                        .enumerate()
                        .map(|(at, column)| {
                            let heading = import.headings.get(at).filter(|heading| !heading.is_empty()).cloned();
                            let sample: Vec<String> = samples.iter().filter_map(|cells| cells.get(at)).filter(|cell| !cell.is_empty()).cloned().collect();
                            view! { <ColumnChoice at name="form[columns][]" column=*column heading sample/> }
                        })
                        .collect_view()}
                </ul>
                <label class="check">
                    <input type="checkbox" name="form[header]" value="true" checked=layout.header/>
                    <span>"The first row holds headings, not a guest"</span>
                </label>
                <div class="field">
                    <label for="country">"Country of phone numbers"</label>
                    <p class="hint" id="country-hint">"For numbers without a country code."</p>
                    <CountrySelect id="country" name="form[country]" chosen=import.country.clone()/>
                </div>
                <fieldset class="choices">
                    <legend>"Guests whose e-mail address is on your list already"</legend>
                    {Matches::ALL
                        .into_iter()
                        .map(|matches| {
                            view! {
                                <label class="check">
                                    <input
                                        type="radio"
                                        name="form[matches]"
                                        value=matches.key()
                                        checked=matches == import.matches
                                    />
                                    <span>{words(matches)}</span>
                                </label>
                            }
                        })
                        .collect_view()}
                </fieldset>
                <div class="form-actions">
                    <button class="button" type="submit">"Read it like this"</button>
                </div>
            </form>
        </details>
    }
}

fn words(matches: Matches) -> &'static str {
    match matches {
        Matches::Skip => "Leave them as they are",
        Matches::Update => "Update them from the file",
        Matches::Add => "Add them once more",
    }
}
