//! Upgrade dialog: a limit of the plan is reached.

use guestguard::problem::Problem;
use leptos::prelude::*;

use super::PAGE;
use crate::{
    ssr,
    ui::{modal::Modal, words},
};

/// Shown above the page with the rejected form, which keeps its values. `method="dialog"` closes it without scripts.
#[component]
pub fn UpgradeDialog(problem: Problem) -> impl IntoView {
    let (title, text) = words::problem(&problem);
    let next = match &problem {
        Problem::UpgradeRequired { tier, .. } => tier.next(),
        _ => None,
    };
    let sells = ssr::sells();
    view! {
        <dialog class="dialog upgrade" open aria-labelledby="upgrade-title">
            <Modal/>
            <h2 id="upgrade-title">{title}</h2>
            <p>{text}</p>
            <form class="actions" method="dialog">
                {next
                    .filter(|_| sells)
                    .map(|tier| view! { <a class="button button-primary" href=PAGE autofocus>{format!("See what {} offers", tier.name())}</a> })}
                <button class="button button-quiet" type="submit">"Not now"</button>
            </form>
        </dialog>
    }
}
