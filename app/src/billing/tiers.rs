use guestguard::billing::{Allowance, Billed, Tier, queries::Cost, queries::Offers};
use leptos::prelude::*;
use uuid::Uuid;

use crate::ui::{button::PostButton, words};

/// What a card leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nobody is signed in: an account comes first.
    SignUp,
    /// The host has this plan now.
    From(Tier, Option<Billed>),
}

/// All plans side by side.
#[component]
pub fn Tiers(offers: Offers, step: Step) -> impl IntoView {
    view! {
        <ul class="tiers">
            {Tier::ALL.into_iter().map(|tier| view! { <TierCard tier offers=offers.clone() step/> }).collect_view()}
        </ul>
    }
}

#[component]
fn TierCard(tier: Tier, offers: Offers, step: Step) -> impl IntoView {
    let Allowance { events, guests } = tier.allowance();
    let planned = match events {
        None => "Any number of events".to_owned(),
        Some(1) => "One event at a time".to_owned(),
        Some(n) => format!("{n} events at a time"),
    };
    let current = matches!(step, Step::From(now, _) if now == tier);
    let price = |billed: Billed| offers.offers.get(&(tier, billed)).cloned();
    let (monthly, yearly) = (price(Billed::Monthly), price(Billed::Yearly));
    let shown = match (tier, &monthly) {
        (Tier::Free, _) => Some(("No charge".to_owned(), "")),
        (_, Some(Some(cost))) => Some((amount(cost), " a month")),
        // Stripe has not been asked yet.
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
                <li>{format!("{} an event", words::counted(guests, "guest"))}</li>
                <li>"Personal links, live answers, reminders"</li>
            </ul>
            <Next tier step offers=[monthly.is_some(), yearly.is_some()]/>
        </li>
    }
}

/// What can be done about a plan.
#[component]
fn Next(tier: Tier, step: Step, offers: [bool; 2]) -> impl IntoView {
    let (now, billed) = match step {
        Step::SignUp => {
            let start = format!("Start with {}", tier.name());
            return view! {
                <div class="tier-steps">
                    <a class="button button-primary" href="/sign-up">{start}</a>
                </div>
            }
            .into_any();
        }
        Step::From(now, billed) => (now, billed),
    };
    if tier == Tier::Free {
        let words = if now == Tier::Free { "Your plan" } else { "What is left when a plan ends" };
        return view! { <p class="hint">{words}</p> }.into_any();
    }
    let choice = |how: Billed, offered: bool| {
        if !offered {
            return None;
        }
        if (now, billed) == (tier, Some(how)) {
            return Some(view! { <p class="hint">{format!("Your plan, paid {}", how.key())}</p> }.into_any());
        }
        let verb = if tier >= now { "Choose" } else { "Change to" };
        let class = if how == Billed::Monthly && tier > now { "button button-primary" } else { "button" };
        let values = vec![
            ("tier", tier.key().to_owned()),
            ("billed", how.key().to_owned()),
            ("key", Uuid::now_v7().to_string()),
        ];
        Some(
            view! {
                <PostButton action="/api/billing/buy" values class>
                    {format!("{verb} {}, {}", tier.name(), how.key())}
                </PostButton>
            }
            .into_any(),
        )
    };
    let [monthly, yearly] = offers;
    view! { <div class="tier-steps">{choice(Billed::Monthly, monthly)} {choice(Billed::Yearly, yearly)}</div> }
        .into_any()
}

/// "€9", "€9.50", "900 JPY": currencies whose smallest unit is the whole are told apart as Stripe does
/// (docs.stripe.com/currencies#zero-decimal).
pub fn amount(cost: &Cost) -> String {
    const WHOLE: [&str; 16] = [
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf",
    ];
    let number = match (WHOLE.contains(&&*cost.currency), cost.amount % 100) {
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
