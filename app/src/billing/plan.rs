use guestguard::{
    auth::Host,
    billing::{
        Status, actions,
        queries::{self, Account, Due},
        subscriptions::Kept,
    },
    events::times::long_date,
    problem::Problem,
};
use leptos::prelude::*;

use super::{
    tiers::{Step, Tiers},
    usage::UsageBar,
};
use crate::{
    ssr,
    ui::{
        button::PostButton,
        layout::{Frame, PageHead},
        page::page,
        words,
    },
};

/// The host's own plan: what it is, until when, how much of it is used, and what else there is. Whoever comes back from
/// the checkout sees what Stripe says by now.
#[component]
pub fn PlanPage() -> impl IntoView {
    let load = async {
        let (backend, host) = ssr::host().await?;
        let returned = match ssr::query("session_id") {
            Some(session) => ssr::reply(actions::returned(&backend, &host, &session).await),
            None => Ok(()),
        };
        // Where Stripe does not answer just now, its event tells it later.
        let late = match returned {
            Err(Problem::Unavailable { .. }) => true,
            other => other.map(|()| false)?,
        };
        let account = ssr::reply(queries::account(&backend, &host).await)?;
        Ok((host, account, late))
    };
    page(load, |(host, account, late)| view! { <Plan host account late/> })
}

#[component]
fn Plan(host: Host, account: Account, late: bool) -> impl IntoView {
    let Account { tier, subscription, due, has_customer, events, largest, offers } = account;
    let billed = subscription.as_ref().map(|kept| kept.billed);
    let allowance = tier.allowance();
    view! {
        <Frame host=Some(host) class="page page-wide">
            <PageHead title="Your plan" crumbs=vec![("/dashboard/account".into(), "Your account".into())]/>
            {late.then(|| view! { <p class="notice" data-kind="warning" role="status">"Thank you. Stripe has not told us about your payment yet; this page shows it as soon as it does."</p> })}
            {due.map(|due| view! { <Overdue due/> })}
            <div class="plan">
                <section class="card" aria-labelledby="plan-now">
                    <h2 id="plan-now">{format!("You are on {}", tier.name())}</h2>
                    {subscription.as_ref().map(|kept| view! { <p>{stands(kept)}</p> })}
                    <Steps subscription has_customer/>
                </section>
                <section class="card" aria-labelledby="plan-used">
                    <h2 id="plan-used">"What you use of it"</h2>
                    <p class="usage">
                        {match allowance.events {
                            Some(limit) => view! { <UsageBar used=events.used limit what="event"/> }.into_any(),
                            None => format!("{} planned, of any number", words::counted(events.used, "event")).into_any(),
                        }}
                    </p>
                    {match largest {
                        Some((title, guests)) => {
                            view! {
                                <p class="usage"><UsageBar used=guests limit=allowance.guests what="guest"/></p>
                                <p class="hint">{format!("“{title}” is your largest event to come.")}</p>
                            }
                                .into_any()
                        }
                        None => view! { <p class="hint">{format!("Up to {} an event.", words::counted(allowance.guests, "guest"))}</p> }.into_any(),
                    }}
                </section>
            </div>
            <section class="section" aria-labelledby="plans">
                <h2 id="plans">"Plans"</h2>
                <Tiers offers step=Step::From(tier, billed)/>
                <p class="hint"><a href="/dashboard/account#data">"Your data, and deleting your account"</a></p>
                <p class="hint">"Paying is done at Stripe; we never see your card. Prices as shown there, with tax where it applies."</p>
            </section>
        </Frame>
    }
}

/// A payment is due.
#[component]
pub fn Overdue(due: Due) -> impl IntoView {
    let until = long_date(due.until.date_naive());
    let words = match due.over {
        false => format!(
            "Your last payment did not go through. Your plan stays until {until}; please check your means of payment."
        ),
        true => format!(
            "Your last payment did not go through, and your plan rests since {until}. Nothing is deleted; it is back as soon as you have paid."
        ),
    };
    view! {
        <div class="notice" data-kind="danger" role="status">
            <p>{words}</p>
            <PostButton action="/api/billing/portal" class="button button-small">"Put it right"</PostButton>
        </div>
    }
}

/// What can be done about the plan that one has.
#[component]
fn Steps(subscription: Option<Kept>, has_customer: bool) -> impl IntoView {
    let ends = subscription.as_ref().map(|kept| kept.cancel_at_period_end);
    view! {
        <div class="actions">
            {has_customer
                .then(|| {
                    view! {
                        <PostButton action="/api/billing/portal">"Payment and invoices"</PostButton>
                    }
                })}
            {match ends {
                Some(false) => {
                    Some(
                        view! {
                            <details class="cancel-plan">
                                <summary class="button button-quiet">"Cancel the plan …"</summary>
                                <p>"It runs until the end of what you paid. Nothing is deleted, and your guests can still answer."</p>
                                <PostButton action="/api/billing/cancel" class="button button-danger">"Cancel it at the end of the period"</PostButton>
                            </details>
                        }
                            .into_any(),
                    )
                }
                Some(true) => Some(view! { <PostButton action="/api/billing/resume" class="button button-primary">"Keep the plan"</PostButton> }.into_any()),
                None => None,
            }}
            {has_customer
                .then(|| {
                    view! {
                        <PostButton action="/api/billing/refresh" class="button button-quiet">"Ask Stripe again"</PostButton>
                    }
                })}
        </div>
    }
}

fn stands(kept: &Kept) -> String {
    let day = kept.period_end.map(|end| long_date(end.date_naive())).unwrap_or_else(|| "the end of the period".into());
    match kept.cancel_at_period_end {
        _ if kept.status == Status::PastDue => {
            format!("{}, paid {}. The last payment is due.", kept.tier.name(), kept.billed.key())
        }
        true => {
            format!("{}, paid {}. It ends on {day}; then your account is on Free.", kept.tier.name(), kept.billed.key())
        }
        false => format!("{}, paid {}. It renews on {day}.", kept.tier.name(), kept.billed.key()),
    }
}
