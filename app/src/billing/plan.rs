//! Plan page: current plan, usage and upgrades.

use guestguard::{
    actors::Host,
    billing::{
        actions,
        queries::{self, PaymentDue, PlanPage as PlanDetails},
        subscriptions::StoredSubscription,
    },
    events::times::long_date,
    plan::SubscriptionStatus,
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

/// The host's plan. On return from checkout, it is refreshed from Stripe first.
#[component]
pub fn PlanPage() -> impl IntoView {
    let load = async {
        let (backend, host) = ssr::host().await?;
        let returned = match ssr::query("session_id") {
            Some(session) => ssr::reply(actions::return_from_checkout(&backend, &host, &session).await),
            None => Ok(()),
        };
        // If Stripe is unavailable, its event updates the plan later.
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
fn Plan(host: Host, account: PlanDetails, late: bool) -> impl IntoView {
    let PlanDetails { tier, subscription, due, has_customer, events, largest, offers } = account;
    let interval = subscription.as_ref().map(|subscription| subscription.interval);
    let limits = tier.limits();
    view! {
        <Frame host=Some(host) class="page page-wide">
            <PageHead title="Your plan" crumbs=vec![("/dashboard/account".into(), "Your account".into())]/>
            {late.then(|| view! { <p class="notice" data-kind="warning" role="status">"Thank you. Stripe hasn't confirmed your payment yet; this page will show it once it does."</p> })}
            {due.map(|due| view! { <Overdue due/> })}
            <div class="plan">
                <section class="card" aria-labelledby="plan-now">
                    <h2 id="plan-now">{format!("Current plan: {}", tier.name())}</h2>
                    {subscription.as_ref().map(|subscription| view! { <p>{status(subscription)}</p> })}
                    <Steps subscription has_customer/>
                </section>
                <section class="card" aria-labelledby="plan-used">
                    <h2 id="plan-used">"Usage"</h2>
                    <p class="usage">
                        {match limits.events {
                            Some(limit) => view! { <UsageBar used=events.used limit what="event"/> }.into_any(),
                            None => format!("{}, unlimited", words::counted(events.used, "event")).into_any(),
                        }}
                    </p>
                    {match largest {
                        Some((title, guests)) => {
                            view! {
                                <p class="usage"><UsageBar used=guests limit=limits.guests what="guest"/></p>
                                <p class="hint">{format!("“{title}” is your largest upcoming event.")}</p>
                            }
                                .into_any()
                        }
                        None => view! { <p class="hint">{format!("Up to {} per event.", words::counted(limits.guests, "guest"))}</p> }.into_any(),
                    }}
                </section>
            </div>
            <section class="section" aria-labelledby="plans">
                <h2 id="plans">"Plans"</h2>
                <Tiers offers step=Step::From(tier, interval)/>
                <p class="hint"><a href="/dashboard/account#data">"Your data, and deleting your account"</a></p>
                <p class="hint">"Payment is handled by Stripe; we never see your card. Tax is added there where it applies."</p>
            </section>
        </Frame>
    }
}

/// The notice of an overdue payment.
#[component]
pub fn Overdue(due: PaymentDue) -> impl IntoView {
    let until = long_date(due.until.date_naive());
    let words = match due.over {
        false => format!(
            "Your last payment failed. Your plan stays active until {until}; please update your payment method."
        ),
        true => format!(
            "Your last payment failed, and your plan has been paused since {until}. Nothing is deleted; it resumes once you have paid."
        ),
    };
    view! {
        <div class="notice" data-kind="danger" role="status">
            <p>{words}</p>
            <PostButton action="/api/billing/portal" class="button button-small">"Update payment method"</PostButton>
        </div>
    }
}

#[component]
fn Steps(subscription: Option<StoredSubscription>, has_customer: bool) -> impl IntoView {
    let ends = subscription.as_ref().map(|subscription| subscription.cancel_at_period_end);
    view! {
        <div class="actions">
            {has_customer
                .then(|| {
                    view! {
                        <PostButton action="/api/billing/portal">"Manage payment"</PostButton>
                    }
                })}
            {match ends {
                Some(false) => {
                    Some(
                        view! {
                            <details class="cancel-plan">
                                <summary class="button button-quiet">"Cancel plan"</summary>
                                <p>"It stays active until the end of the period you paid for. Nothing is deleted, and your guests can still reply."</p>
                                <PostButton action="/api/billing/cancel" class="button button-danger">"Cancel plan"</PostButton>
                            </details>
                        }
                            .into_any(),
                    )
                }
                Some(true) => Some(view! { <PostButton action="/api/billing/resume" class="button button-primary">"Resume plan"</PostButton> }.into_any()),
                None => None,
            }}
            {has_customer
                .then(|| {
                    view! {
                        <PostButton action="/api/billing/refresh" class="button button-quiet">"Refresh"</PostButton>
                    }
                })}
        </div>
    }
}

fn status(subscription: &StoredSubscription) -> String {
    let day = subscription
        .period_end
        .map(|end| long_date(end.date_naive()))
        .unwrap_or_else(|| "the end of the period".into());
    match subscription.cancel_at_period_end {
        _ if subscription.status == SubscriptionStatus::PastDue => {
            format!("{}, paid {}. The last payment is overdue.", subscription.tier.name(), subscription.interval)
        }
        true => {
            format!(
                "{}, paid {}. It ends on {day}; then your account is on the Free plan.",
                subscription.tier.name(),
                subscription.interval
            )
        }
        false => format!("{}, paid {}. It renews on {day}.", subscription.tier.name(), subscription.interval),
    }
}
