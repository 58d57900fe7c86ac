//! Choice of what one column holds, in the preview and the review.

use guestguard::imports::columns::Column;
use leptos::prelude::*;
use strum::VariantArray;

/// The mapping of one column: its heading, examples, and the choice.
#[component]
pub fn ColumnChoice(
    /// Its index, from 0.
    at: usize,
    /// The name of the field.
    name: &'static str,
    column: Column,
    heading: Option<String>,
    /// Cells of the first rows, as examples.
    sample: Vec<String>,
    #[prop(optional)] changed: Option<Callback<Column>>,
) -> impl IntoView {
    let id = format!("column-{at}");
    let heading = heading.unwrap_or_else(|| format!("Column {}", at + 1));
    let short = |text: &str| text.chars().take(40).collect::<String>();
    let used = RwSignal::new(column != Column::Other);
    let choose = move |name: String| {
        let Ok(column) = name.parse::<Column>() else { return };
        used.set(column != Column::Other);
        if let Some(changed) = changed {
            changed.run(column);
        }
    };
    view! {
        <li data-used=move || used.get().to_string()>
            <label for=id.clone()>{short(&heading)}</label>
            <span class="column-example">{sample.iter().map(|cell| short(cell)).collect::<Vec<_>>().join(", ")}</span>
            <select id=id name=name on:change=move |event| choose(event_target_value(&event))>
                {Column::VARIANTS
                    .iter()
                    .map(|choice| {
                        view! { <option value=choice.into_str() selected=*choice == column>{choice.label()}</option> }
                    })
                    .collect_view()}
            </select>
        </li>
    }
}
