//! Buttons that post a form.

use leptos::prelude::*;

use super::form::BACK;
use crate::ssr;

/// A button that posts fixed values to an endpoint: a form of its own, so that it works without JavaScript.
#[component]
pub fn PostButton(
    #[prop(into)] action: String,
    #[prop(optional)] values: Vec<(&'static str, String)>,
    #[prop(default = "button")] class: &'static str,
    /// Accessible name, where the visible text repeats on the page.
    #[prop(optional, into)]
    label: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <form class="post-button" method="post" action=action>
            <input type="hidden" name=BACK value=ssr::path()/>
            {values
                .into_iter()
                .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
                .collect_view()}
            <button class=class type="submit" aria-label=label>
                {children()}
            </button>
        </form>
    }
}
