//! Column mapping, on the review page.

use guestguard::{
    ids::EventId,
    imports::{DuplicatePolicy, RowStatus, columns::Column, queries::Import},
};
use leptos::prelude::*;
use strum::VariantArray;

use super::column::ColumnChoice;
use crate::{phone::field::CountrySelect, ssr, ui::form::BACK};

/// The form of the column mapping, the default country and the duplicate policy.
#[component]
pub fn Mapping(event: EventId, import: Import) -> impl IntoView {
    // If most rows are invalid, the mapping is the likely reason.
    let unclear = import.count(RowStatus::Attention) > import.count(RowStatus::Ready) + import.count(RowStatus::Known);
    let layout = import.layout.clone();
    let samples = import.samples.clone();
    let matched = layout.columns.iter().filter(|column| **column != Column::Other).count();
    let known = import.count(RowStatus::Known) > 0 || import.duplicates != DuplicatePolicy::default();
    view! {
        <details class="import-mapping card" open=unclear || known>
            <summary>
                <span>"Match columns"</span>
                <span class="hint">
                    {format!("{matched} of {} columns matched", layout.columns.len())}
                </span>
            </summary>
            <form class="form" method="post" action="/api/imports/set-mapping">
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
                    <span>"The first line holds headings"</span>
                </label>
                <div class="field">
                    <label for="country">"Default country for phone numbers"</label>
                    <p class="hint" id="country-hint">"For numbers without a country code."</p>
                    <CountrySelect id="country" name="form[country]" chosen=import.country.clone()/>
                </div>
                <fieldset class="choices">
                    <legend>"Existing guests"</legend>
                    <p class="hint">"Lines whose email is on your guest list already."</p>
                    {DuplicatePolicy::VARIANTS
                        .iter()
                        .map(|policy| {
                            view! {
                                <label class="check">
                                    <input
                                        type="radio"
                                        name="form[duplicates]"
                                        value=policy.into_str()
                                        checked=*policy == import.duplicates
                                    />
                                    <span>{label(*policy)}</span>
                                </label>
                            }
                        })
                        .collect_view()}
                </fieldset>
                <div class="form-actions">
                    <button class="button" type="submit">"Apply"</button>
                </div>
            </form>
        </details>
    }
}

fn label(policy: DuplicatePolicy) -> &'static str {
    match policy {
        DuplicatePolicy::Skip => "Skip",
        DuplicatePolicy::Update => "Update",
        DuplicatePolicy::Add => "Add as duplicate",
    }
}
