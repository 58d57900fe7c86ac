//! Tests of plan limits and subscriptions.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    queries,
    subscriptions::{self, StoredSubscription, StripeEvent},
};
use crate::{
    actors::Host,
    backend::Backend,
    error::{Error, Result},
    events::{self, EventForm},
    guests,
    invitations::{self, Selection},
    payments::{Billing, Stripe},
    plan::{Interval, LimitReached, SubscriptionStatus, Tier},
    problem::Problem,
    rsvp, testing,
};

/// A place where plans are sold; Stripe itself is out of reach.
async fn shop(db: PgPool) -> (Backend, Stripe, Host) {
    let mut backend = testing::backend(db).await;
    let prices = vec![
        (Tier::Pro, Interval::Monthly, "price_pro".to_owned()),
        (Tier::Business, Interval::Monthly, "price_business".to_owned()),
        (Tier::Pro, Interval::Monthly, "price_pro_of_2020".to_owned()),
    ];
    let stripe = Stripe::new("http://127.0.0.1:9/", "sk_test_none", prices).unwrap();
    backend.billing = Billing { default_tier: Tier::Business, grace: TimeDelta::days(7), stripe: Some(stripe.clone()) };
    let ana = testing::host(&backend, "Ana").await;
    let met = json!({ "object": "checkout.session", "customer": "cus_ana", "client_reference_id": ana.id() });
    handle_event(&backend, &stripe, event("evt_met", "checkout.session.completed", 0, met)).await;
    (backend, stripe, ana)
}

fn event(id: &str, kind: &str, second: i64, object: Value) -> Value {
    let created = testing::start().timestamp() + second;
    json!({ "id": id, "type": kind, "created": created, "livemode": false, "data": { "object": object } })
}

async fn handle_event(backend: &Backend, stripe: &Stripe, event: Value) {
    let event = StripeEvent::read(event.to_string().as_bytes()).unwrap();
    subscriptions::handle_event(backend, stripe, &event).await.unwrap();
}

fn subscription(id: &str, price: &str, status: &str, ends: bool) -> Value {
    json!({
        "object": "subscription", "id": id, "customer": "cus_ana", "status": status, "cancel_at_period_end": ends,
        "items": { "data": [{ "id": format!("si_{id}"), "price": { "id": price }, "current_period_end": 1_900_000_000 }] },
        "a field of another version": { "nested": [1, null] },
    })
}

async fn subscribed(backend: &Backend, stripe: &Stripe, price: &str) {
    let object = subscription("sub_1", price, "active", false);
    handle_event(backend, stripe, event(&format!("evt_{price}"), "customer.subscription.updated", 1, object)).await;
}

async fn stored_subscription(backend: &Backend, host: &Host) -> Option<StoredSubscription> {
    queries::subscription(&backend.db, host.id()).await.unwrap()
}

fn upgrade<T: std::fmt::Debug>(result: Result<T>) -> (LimitReached, Tier, i64, i64) {
    match result.unwrap_err() {
        Error::Problem(Problem::UpgradeRequired { reason, tier, used, limit }) => (reason, tier, used, limit),
        other => panic!("{other:?}"),
    }
}

async fn plan(backend: &Backend, host: &Host) -> Result<crate::ids::EventId> {
    events::actions::create(backend, host, &testing::event_form()).await
}

async fn paste(backend: &Backend, host: &Host, event: crate::ids::EventId, from: usize, many: usize) -> Result<usize> {
    let lines: Vec<_> = (from..from + many).map(|n| format!("Guest {n} <guest{n}@example.org>")).collect();
    guests::actions::add_pasted(backend, host, event, &lines.join("\n")).await
}

#[sqlx::test]
async fn every_tier_allows_what_it_says_and_not_one_more(db: PgPool) {
    let (backend, stripe, ana) = shop(db).await;
    let first = plan(&backend, &ana).await.unwrap();
    assert_eq!(upgrade(plan(&backend, &ana).await), (LimitReached::Events, Tier::Free, 1, 1));
    assert_eq!(paste(&backend, &ana, first, 0, 49).await.unwrap(), 49);
    assert_eq!(upgrade(paste(&backend, &ana, first, 49, 2).await), (LimitReached::Guests, Tier::Free, 49, 50));
    assert_eq!(paste(&backend, &ana, first, 49, 1).await.unwrap(), 1);
    subscribed(&backend, &stripe, "price_pro").await;
    for _ in 1..10 {
        plan(&backend, &ana).await.unwrap();
    }
    assert_eq!(upgrade(plan(&backend, &ana).await), (LimitReached::Events, Tier::Pro, 10, 10));
    assert_eq!(paste(&backend, &ana, first, 50, 450).await.unwrap(), 450);
    assert_eq!(paste(&backend, &ana, first, 500, 500).await.unwrap(), 500);
    assert_eq!(upgrade(paste(&backend, &ana, first, 1_000, 1).await), (LimitReached::Guests, Tier::Pro, 1_000, 1_000));
}

#[sqlx::test]
async fn events_that_are_over_or_cancelled_leave_room_and_need_it_when_they_come_again(db: PgPool) {
    let (backend, _, ana) = shop(db).await;
    let first = plan(&backend, &ana).await.unwrap();
    backend.clock.set(testing::start() + TimeDelta::days(400));
    let day = testing::start() + TimeDelta::days(500);
    let later = EventForm { starts: day.format("%Y-%m-%dT%H:%M").to_string(), ..testing::event_form() };
    let second = events::actions::create(&backend, &ana, &later).await.unwrap();
    let again = events::actions::edit(&backend, &ana, first, &later).await;
    assert_eq!(upgrade(again), (LimitReached::Events, Tier::Free, 1, 1));
    events::actions::cancel(&backend, &ana, second).await.unwrap();
    events::actions::edit(&backend, &ana, first, &later).await.unwrap();
    let third = events::actions::create(&backend, &ana, &later).await;
    assert_eq!(upgrade(third), (LimitReached::Events, Tier::Free, 1, 1));
}

#[sqlx::test]
async fn undoing_a_deletion_needs_room_too(db: PgPool) {
    let (backend, _, ana) = shop(db).await;
    let event = plan(&backend, &ana).await.unwrap();
    paste(&backend, &ana, event, 0, 50).await.unwrap();
    let gone = guests::queries::page(&backend.db, &ana, event, guests::list::ListQuery::default()).await.unwrap();
    let ids: Vec<_> = gone.rows.iter().take(5).map(|row| row.id).collect();
    let removed = guests::actions::delete(&backend, &ana, event, &ids).await.unwrap();
    paste(&backend, &ana, event, 100, 5).await.unwrap();
    let back = guests::actions::restore(&backend, &ana, event, removed.at).await;
    assert_eq!(upgrade(back).0, LimitReached::Guests);
}

#[sqlx::test]
async fn after_a_downgrade_everything_stays_and_only_what_is_new_is_refused(db: PgPool) {
    let (backend, stripe, ana) = shop(db).await;
    subscribed(&backend, &stripe, "price_pro").await;
    let event = plan(&backend, &ana).await.unwrap();
    plan(&backend, &ana).await.unwrap();
    paste(&backend, &ana, event, 0, 60).await.unwrap();
    invitations::actions::issue(&backend, &ana, event, &Selection::All).await.unwrap();
    let gone = subscription("sub_1", "price_pro", "canceled", false);
    handle_event(&backend, &stripe, self::event("evt_gone", "customer.subscription.deleted", 9, gone)).await;
    assert_eq!(queries::tier(&backend.db, &backend, ana.id()).await.unwrap(), Tier::Free);
    assert_eq!(upgrade(plan(&backend, &ana).await), (LimitReached::Events, Tier::Free, 2, 1));
    assert_eq!(upgrade(paste(&backend, &ana, event, 60, 1).await), (LimitReached::Guests, Tier::Free, 60, 50));
    let sent = invitations::actions::issue(&backend, &ana, event, &Selection::All).await;
    assert_eq!(upgrade(sent).0, LimitReached::TooManyEvents);
    let page = guests::queries::page(&backend.db, &ana, event, guests::list::ListQuery::default()).await.unwrap();
    assert_eq!(page.total, 60, "everybody can still be seen");
    let token = testing::token(&backend, &ana, event, page.rows[0].id).await;
    let guest = invitations::queries::guest_of(&backend.db, &token).await.unwrap();
    let answer = rsvp::AnswerForm { answer: "attending".into(), heads: "1".into(), ..rsvp::AnswerForm::default() };
    rsvp::actions::answer(&backend, &guest, &answer).await.unwrap();
    let form = EventForm { title: "Another title".into(), ..testing::event_form() };
    events::actions::edit(&backend, &ana, event, &form).await.unwrap();
}

#[sqlx::test]
async fn a_late_payment_keeps_the_tier_for_the_days_of_grace(db: PgPool) {
    let (backend, stripe, ana) = shop(db).await;
    subscribed(&backend, &stripe, "price_pro").await;
    for (id, second) in [("evt_due", 10), ("evt_still_due", 86_400)] {
        let due = subscription("sub_1", "price_pro", "past_due", false);
        handle_event(&backend, &stripe, event(id, "customer.subscription.updated", second, due)).await;
    }
    let tier = async |days: i64| {
        backend.clock.set(testing::start() + TimeDelta::days(days));
        queries::tier(&backend.db, &backend, ana.id()).await.unwrap()
    };
    assert_eq!((tier(6).await, tier(8).await), (Tier::Pro, Tier::Free), "counted from the first failure");
    let overdue = queries::overdue(&backend, ana.id()).await.unwrap();
    let until = testing::start() + TimeDelta::days(7) + TimeDelta::seconds(10);
    assert_eq!(overdue, Some(queries::PaymentDue { until, over: true }));
    let paid = subscription("sub_1", "price_pro", "active", false);
    handle_event(&backend, &stripe, event("evt_paid", "customer.subscription.updated", 99_000, paid)).await;
    assert_eq!(tier(8).await, Tier::Pro);
}

fn life() -> Vec<Value> {
    let of = |price, status, ends| subscription("sub_1", price, status, ends);
    vec![
        event("evt_1", "customer.subscription.created", 1, of("price_pro", "incomplete", false)),
        // In the same second as the one before.
        event("evt_2", "customer.subscription.updated", 1, of("price_pro", "active", false)),
        event("evt_3", "invoice.paid", 2, json!({ "object": "invoice", "id": "in_1", "customer": "cus_ana" })),
        event("evt_4", "customer.subscription.updated", 30, of("price_business", "active", false)),
        event(
            "evt_5",
            "invoice.payment_failed",
            60,
            json!({ "object": "invoice", "id": "in_2", "customer": "cus_ana" }),
        ),
        event("evt_6", "customer.subscription.updated", 61, of("price_business", "active", true)),
    ]
}

#[sqlx::test]
async fn all_720_orders_of_six_events_come_to_the_same_row(db: PgPool) {
    let (backend, stripe, ana) = shop(db).await;
    let life = life();
    let mut rows = Vec::new();
    for order in orders(life.len()) {
        for place in order {
            handle_event(&backend, &stripe, life[place].clone()).await;
        }
        rows.push(stored_subscription(&backend, &ana).await.unwrap());
        sqlx::query("delete from subscriptions").execute(&backend.db).await.unwrap();
        sqlx::query("delete from webhook_events where key <> 'evt_met'").execute(&backend.db).await.unwrap();
    }
    assert_eq!(rows.len(), 720);
    let StoredSubscription { tier, status, cancel_at_period_end, ref item_id, period_end, .. } = rows[0];
    assert_eq!((tier, status, cancel_at_period_end), (Tier::Business, SubscriptionStatus::Active, true));
    assert_eq!((item_id.as_str(), period_end), ("si_sub_1", DateTime::<Utc>::from_timestamp(1_900_000_000, 0)));
    rows.dedup();
    assert_eq!(rows.len(), 1, "{rows:#?}");
}

/// All orders of so many things.
fn orders(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let insert = |order: Vec<usize>| {
        (0..of).map(move |place| {
            let mut longer = order.clone();
            longer.insert(place, of - 1);
            longer
        })
    };
    orders(of - 1).into_iter().flat_map(insert).collect()
}

#[sqlx::test]
async fn a_hundred_repeats_have_one_effect_and_what_is_not_ours_has_none(db: PgPool) {
    let (backend, stripe, ana) = shop(db).await;
    let bought =
        event("evt_1", "customer.subscription.created", 1, subscription("sub_1", "price_pro", "active", false));
    for _ in 0..100 {
        handle_event(&backend, &stripe, bought.clone()).await;
    }
    let mut live =
        event("evt_live", "customer.subscription.deleted", 5, subscription("sub_1", "price_pro", "canceled", false));
    live["livemode"] = true.into();
    let mut connected =
        event("evt_connect", "customer.subscription.deleted", 5, subscription("sub_1", "price_pro", "canceled", false));
    connected["account"] = "acct_other".into();
    let unknown =
        event("evt_new", "something.stripe.invented", 5, json!({ "object": "novelty", "id": 7, "customer": ["x"] }));
    for other in [live, connected, unknown] {
        handle_event(&backend, &stripe, other).await;
    }
    assert_eq!(stored_subscription(&backend, &ana).await.unwrap().tier, Tier::Pro);
    let stored: i64 = sqlx::query_scalar("select count(*) from webhook_events").fetch_one(&backend.db).await.unwrap();
    assert_eq!(stored, 5, "each is kept once");
    let jobs = "select count(*) from graphile_worker.jobs where task_identifier = 'refresh_subscriptions'";
    let jobs: i64 = sqlx::query_scalar(jobs).fetch_one(&backend.db).await.unwrap();
    assert_eq!(jobs, 1, "one question waits for Stripe");
}

#[sqlx::test]
async fn one_of_two_subscriptions_grants_and_a_deleted_customer_none(db: PgPool) {
    let (backend, stripe, ana) = shop(db).await;
    let sub = |id: &str, price: &str| subscription(id, price, "active", false);
    handle_event(
        &backend,
        &stripe,
        event("evt_1", "customer.subscription.created", 1, sub("sub_1", "price_pro_of_2020")),
    )
    .await;
    handle_event(&backend, &stripe, event("evt_2", "customer.subscription.created", 2, sub("sub_2", "price_business")))
        .await;
    handle_event(
        &backend,
        &stripe,
        event("evt_3", "customer.subscription.updated", 3, sub("sub_1", "price_pro_of_2020")),
    )
    .await;
    assert_eq!(stored_subscription(&backend, &ana).await.unwrap().stripe_id, "sub_2");
    let second = "update subscriptions set grants_tier = true where stripe_id = 'sub_1'";
    assert!(sqlx::query(second).execute(&backend.db).await.is_err(), "never two");
    let gone = json!({ "object": "customer", "id": "cus_ana" });
    handle_event(&backend, &stripe, event("evt_4", "customer.deleted", 4, gone)).await;
    assert_eq!(stored_subscription(&backend, &ana).await, None);
    assert_eq!(queries::tier(&backend.db, &backend, ana.id()).await.unwrap(), Tier::Free);
}
