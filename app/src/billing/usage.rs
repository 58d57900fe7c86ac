//! Usage of a plan's limit, as text and bar.

use guestguard::billing::limits::PlanUsage;
use leptos::prelude::*;

use super::PAGE;
use crate::ui::words;

/// "43 of 50 guests" with a bar; nothing if plans are not sold.
#[component]
pub fn UsageLine(
    usage: PlanUsage,
    /// "guest", "event".
    what: &'static str,
) -> impl IntoView {
    let limit = usage.limit.filter(|_| usage.for_sale)?;
    let full = usage.used >= limit;
    Some(view! {
        <p class="usage" data-full=full.then_some("true")>
            <UsageBar used=usage.used limit what/>
            {full.then(|| view! { <a href=PAGE>"Upgrade"</a> })}
        </p>
    })
}

#[component]
pub fn UsageBar(used: i64, limit: i64, what: &'static str) -> impl IntoView {
    let label = format!("{} of {}", words::thousands(used), words::counted(limit, what));
    let high = (limit * 9 / 10).max(1);
    view! {
        <span>{label.clone()}</span>
        <meter min="0" max=limit high=high value=used aria-label=label></meter>
    }
}
