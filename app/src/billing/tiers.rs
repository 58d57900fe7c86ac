//! Plan cards with prices and the next step of each.

use guestguard::{
    billing::queries::{Cost, Offers},
    plan::{Interval, PlanLimits, Tier},
};
use leptos::prelude::*;
use uuid::Uuid;

use crate::ui::{button::PostButton, words};

/// The action on a card.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// For visitors: sign up.
    SignUp,
    /// For hosts: change from this plan.
    From(Tier, Option<Interval>),
}

#[component]
pub fn Tiers(offers: Offers, step: Step) -> impl IntoView {
    view! {
        <ul class="tiers">
            {Tier::ALL.iter().map(|&tier| view! { <TierCard tier offers=offers.clone() step/> }).collect_view()}
        </ul>
    }
}

#[component]
fn TierCard(tier: Tier, offers: Offers, step: Step) -> impl IntoView {
    let PlanLimits { events, guests } = tier.limits();
    let planned = match events {
        None => "Unlimited events".to_owned(),
        Some(1) => "One event at a time".to_owned(),
        Some(n) => format!("{n} events at a time"),
    };
    let current = matches!(step, Step::From(now, _) if now == tier);
    let price = |interval: Interval| offers.offers.get(&(tier, interval)).cloned();
    let (monthly, yearly) = (price(Interval::Monthly), price(Interval::Yearly));
    let shown = match (tier, &monthly) {
        (Tier::Free, _) => Some(("Free".to_owned(), "")),
        (_, Some(Some(cost))) => Some((amount(cost), " a month")),
        // Not fetched from Stripe yet.
        _ => None,
    };
    view! {
        <li class="card tier" data-current=current.then_some("true")>
            <h2>{tier.name()}</h2>
            <p class="tier-price">
                {match shown {
                    Some((price, how_often)) => view! { <strong>{price}</strong> {how_often} }.into_any(),
                    None => "Stripe shows the price before you pay".into_any(),
                }}
            </p>
            <p class="tier-yearly">
                {match yearly.clone() {
                    Some(Some(cost)) if tier != Tier::Free => format!("or {} a year", amount(&cost)),
                    _ => String::new(),
                }}
            </p>
            <ul class="tier-list">
                <li>{planned}</li>
                <li>{format!("{} per event", words::counted(guests, "guest"))}</li>
                <li>"Personal links, live responses, reminders"</li>
            </ul>
            <Next tier step offers=[monthly.is_some(), yearly.is_some()]/>
        </li>
    }
}

#[component]
fn Next(tier: Tier, step: Step, offers: [bool; 2]) -> impl IntoView {
    let (now, interval) = match step {
        Step::SignUp => {
            let start = format!("Start with {}", tier.name());
            return view! {
                <div class="tier-steps">
                    <a class="button button-primary" href="/sign-up">{start}</a>
                </div>
            }
            .into_any();
        }
        Step::From(now, interval) => (now, interval),
    };
    if tier == Tier::Free {
        let words = if now == Tier::Free { "Your plan" } else { "Free plan" };
        return view! { <p class="hint">{words}</p> }.into_any();
    }
    let choice = |every: Interval, offered: bool| {
        if !offered {
            return None;
        }
        if (now, interval) == (tier, Some(every)) {
            return Some(view! { <p class="hint">{format!("Your plan, paid {}", every)}</p> }.into_any());
        }
        let verb = if tier >= now { "Choose" } else { "Change to" };
        let class = if every == Interval::Monthly && tier > now { "button button-primary" } else { "button" };
        let values =
            vec![("tier", tier.to_string()), ("interval", every.to_string()), ("key", Uuid::now_v7().to_string())];
        Some(
            view! {
                <PostButton action="/api/billing/buy" values class>
                    {format!("{verb} {}, {}", tier.name(), every)}
                </PostButton>
            }
            .into_any(),
        )
    };
    let [monthly, yearly] = offers;
    view! { <div class="tier-steps">{choice(Interval::Monthly, monthly)} {choice(Interval::Yearly, yearly)}</div> }
        .into_any()
}

/// "€9", "€9.50", "900 JPY"; zero-decimal currencies as in docs.stripe.com/currencies#zero-decimal.
pub fn amount(cost: &Cost) -> String {
    const ZERO_DECIMAL: [&str; 16] = [
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf",
    ];
    let number = match (ZERO_DECIMAL.contains(&&*cost.currency), cost.amount % 100) {
        (true, _) => words::thousands(cost.amount),
        (false, 0) => words::thousands(cost.amount / 100),
        (false, cents) => format!("{}.{cents:02}", words::thousands(cost.amount / 100)),
    };
    match &*cost.currency {
        "eur" => format!("€{number}"),
        "usd" => format!("${number}"),
        "gbp" => format!("£{number}"),
        other => format!("{number} {}", other.to_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        for (currency, cents, text) in [
            ("eur", 900, "€9"),
            ("usd", 1_250, "$12.50"),
            ("jpy", 1_200, "1,200 JPY"),
            ("chf", 120_005, "1,200.05 CHF"),
        ] {
            assert_eq!(amount(&Cost { currency: currency.into(), amount: cents }), text);
        }
    }
}
