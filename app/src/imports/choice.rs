use guestguard::imports::columns::Column;
use leptos::prelude::*;

/// What one column is taken for: its heading, what stands in it, and the choice.
#[component]
pub fn ColumnChoice(
    /// Its place, from 0.
    at: usize,
    /// The name of the field.
    name: &'static str,
    column: Column,
    heading: Option<String>,
    /// Cells of the first rows.
    sample: Vec<String>,
    #[prop(optional)] changed: Option<Callback<Column>>,
) -> impl IntoView {
    let id = format!("column-{at}");
    let heading = heading.unwrap_or_else(|| format!("Column {}", at + 1));
    let short = |text: &str| text.chars().take(40).collect::<String>();
    let used = RwSignal::new(column != Column::Other);
    let choose = move |key: String| {
        let Some(column) = Column::of_key(&key) else { return };
        used.set(column != Column::Other);
        if let Some(changed) = changed {
            changed.run(column);
        }
    };
    view! {
        <li data-used=move || used.get().to_string()>
            <label for=id.clone()>{short(&heading)}</label>
            <span class="column-sample">{sample.iter().map(|cell| short(cell)).collect::<Vec<_>>().join(", ")}</span>
            <select id=id name=name on:change=move |event| choose(event_target_value(&event))>
                {Column::ALL
                    .into_iter()
                    .map(|choice| {
                        view! { <option value=choice.key() selected=choice == column>{choice.words()}</option> }
                    })
                    .collect_view()}
            </select>
        </li>
    }
}
