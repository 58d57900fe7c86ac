//! Pagination of a list.

use leptos::prelude::*;

/// Links to the previous and next page, and a summary between them. `to` is the address of a page, counted from 1.
#[component]
pub fn Pagination(page: i64, pages: i64, #[prop(into)] found: String, to: impl Fn(i64) -> String) -> impl IntoView {
    let previous = (page > 1).then(|| to(page - 1));
    let next = (page < pages).then(|| to(page + 1));
    view! {
        <nav class="pagination" aria-label="Pages">
            {previous.map(|href| view! { <a class="button button-small" rel="prev" href=href>"Previous"</a> })}
            <span class="pagination-status">
                {found}
                {(pages > 1).then(|| format!(", page {page} of {pages}"))}
            </span>
            {next.map(|href| view! { <a class="button button-small" rel="next" href=href>"Next"</a> })}
        </nav>
    }
}
