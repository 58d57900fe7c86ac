//! Buying, changing and ending plans, and Stripe's webhooks.

use guestguard::{clock::Clock, plan::Tier};
use serde_json::json;
use sqlx::PgPool;

use super::{PLAN, buy, checkout, shop, subscribed, subscription, tier};
use crate::support::{
    App, Response, eventually, hidden, sign,
    stripe::{LocalStripe, OLD_SECRET, SECRET},
};

#[apply(app_test)]
async fn webhook_lifecycle(db: PgPool) {
    let (app, stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    let page = checkout(&ana, "pro", "monthly").await;
    stripe.press(&page, "pay").await;
    assert_eq!(tier(&app).await, Tier::Pro, "the webhook suffices");
    let id = subscription(&app).await;
    let updated = "customer.subscription.updated";
    stripe.change_subscription(updated, &id, json!({ "status": "past_due" })).await;
    app.work().await;
    let page = ana.get("/dashboard").await.ok();
    assert!(page.contains("Your last payment failed") && tier(&app).await == Tier::Pro);
    stripe.change_subscription(updated, &id, json!({ "status": "active", "cancel_at_period_end": true })).await;
    assert!(ana.get(PLAN).await.ok().contains("It ends on"));
    stripe.change_subscription("customer.subscription.deleted", &id, json!({ "status": "canceled" })).await;
    assert_eq!(tier(&app).await, Tier::Free);
    app.work().await;
    assert_eq!(tier(&app).await, Tier::Free, "Stripe's API says the same");
    assert_eq!(app.webhook_events_of("stripe").await, 6);
}

#[apply(app_test)]
async fn after_a_checkout_the_plan_is_shown_before_any_webhook(db: PgPool) {
    let (app, stripe) = shop(db).await;
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    stripe.set(json!({ "silent": true })).await;
    let page = checkout(&ana, "pro", "yearly").await;
    let back = stripe.press(&page, "pay").await;
    assert_eq!(ben.get(&back).await.status, 404, "somebody else's checkout");
    stripe.set(json!({ "down": true })).await;
    assert!(ana.get(&back).await.ok().contains("confirmed your payment yet"), "Stripe is down: nothing is lost");
    stripe.set(json!({ "down": false })).await;
    assert!(ana.get(&back).await.ok().contains("Pro, paid yearly"));
    assert_eq!(tier(&app).await, Tier::Pro);
}

#[apply(app_test)]
async fn what_was_never_told_is_found_by_the_schedule(db: PgPool) {
    let (app, stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    stripe.set(json!({ "silent": true })).await;
    stripe.press(&checkout(&ana, "pro", "monthly").await, "pay").await;
    assert_eq!(tier(&app).await, Tier::Free);
    guestguard::billing::subscriptions::reconcile(&app.backend).await.unwrap();
    assert_eq!(tier(&app).await, Tier::Pro);
    assert_eq!(app.webhook_events_of("stripe").await, 3);
    let page = app.anonymous().get("/pricing").await.ok();
    assert!(page.contains("€9<") && page.contains("€290 a year"), "and what plans cost: {page}");
}

#[apply(app_test)]
async fn a_webhook_while_stripe_is_away_is_taken_and_asked_about_later(db: PgPool) {
    let (app, stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    subscribed(&stripe, &ana, "pro").await;
    let id = subscription(&app).await;
    stripe.set(json!({ "down": true })).await;
    // The fake Stripe itself expects 200.
    stripe.change_subscription("customer.subscription.updated", &id, json!({ "cancel_at_period_end": true })).await;
    app.work().await;
    assert_eq!(app.jobs().retried("refresh_subscriptions").await, 1, "the refresh waits");
    stripe.set(json!({ "down": false })).await;
    app.jobs().make_due().await;
    app.work().await;
    assert_eq!(app.subscriptions_that_end().await, 1);
}

#[apply(app_test)]
async fn a_plan_is_changed_cancelled_resumed_and_ended(db: PgPool) {
    let (app, stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    subscribed(&stripe, &ana, "pro").await;
    let portal = checkout(&ana, "business", "yearly").await;
    assert!(portal.contains("/portal/"), "a change is confirmed at Stripe: {portal}");
    let back = stripe.press(&portal, "change").await;
    assert!(ana.get(&back).await.ok().contains("Current plan: Business"));
    assert_eq!(stripe.count("subscriptions").await, 1);
    let page = ana.post_and_follow("/api/billing/cancel", PLAN, &[]).await.ok();
    assert!(page.contains("Plan cancelled.") && page.contains("Resume plan"));
    let page = ana.post_and_follow("/api/billing/resume", PLAN, &[]).await.ok();
    assert!(page.contains("Plan resumed") && page.contains("It renews on"));
    let portal = ana.post("/api/billing/portal", PLAN, &[]).await.location();
    let back = stripe.press(&portal, "cancel").await;
    assert!(ana.get(&back).await.ok().contains("Current plan: Free"));
    let refused = ana.fetch("/api/billing/cancel", &[]).await;
    assert_eq!(refused.status, 409, "nothing left to cancel");
}

#[apply(app_test)]
async fn pressing_twice_buys_once(db: PgPool) {
    let (app, stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    let key = hidden(&ana.get(PLAN).await.ok(), "key").remove(0);
    let pages = futures::future::join_all((0..10).map(|_| buy(&ana, "pro", "monthly", &key))).await;
    let mut pages: Vec<_> = pages.iter().map(Response::location).collect();
    pages.dedup();
    assert_eq!((pages.len(), stripe.count("sessions").await, stripe.count("customers").await), (1, 1, 1));
    stripe.press(&pages[0], "pay").await;
    let again = ana.fetch("/api/billing/buy", &[("tier", "pro"), ("interval", "monthly"), ("key", &key)]).await;
    assert_eq!(again.status, 409, "they have it");
    assert_eq!(stripe.count("subscriptions").await, 1);
}

#[apply(app_test)]
async fn forged_late_and_early_events_are_rejected_and_both_secrets_are_accepted(db: PgPool) {
    let (app, _stripe) = shop(db).await;
    let url = format!("http://{}/webhooks/stripe", app.address);
    let now = Clock::System.now().timestamp();
    let body = |id: &str| json!({ "id": id, "type": "novelty", "created": now, "data": { "object": {} } }).to_string();
    let signed = |id: &str, secret: &str, at: i64| {
        sign(&[json!({ "scheme": "stripe", "secret": secret, "time": at, "body": body(id) })]).remove(0)
    };
    assert_eq!(signed("evt_1", "whsec_other", now).post(&url).await, 400);
    assert_eq!(signed("evt_1", SECRET, now - 310).post(&url).await, 400);
    assert_eq!(signed("evt_1", SECRET, now + 310).post(&url).await, 400);
    assert_eq!(signed("evt_1", SECRET, now).with(&body("evt_2")).post(&url).await, 400);
    assert_eq!(app.webhook_events().await, 0);
    for (id, secret) in [("evt_1", SECRET), ("evt_2", OLD_SECRET), ("evt_2", SECRET)] {
        assert_eq!(signed(id, secret, now).post(&url).await, 200);
    }
    assert_eq!(app.webhook_events().await, 2);
}

/// It has no checkout and no portal, but the request for the portal creates the customer.
#[apply(app_test)]
async fn customers_and_webhooks_work_with_localstripe(db: PgPool) {
    let stripe = LocalStripe::start().await;
    let app = App::start_with(db, stripe.settings()).await;
    stripe.send_webhooks_to(&app).await;
    let ana = app.host("Ana").await;
    assert_ne!(ana.fetch("/api/billing/portal", &[]).await.status, 200);
    let customer = app.billing_customer().await;
    let card = [("type", "card"), ("card[number]", "4242424242424242"), ("card[cvc]", "123")];
    let card = [&card[..], &[("card[exp_month]", "12"), ("card[exp_year]", "2099")]].concat();
    let card = stripe.post("payment_methods", &card).await["id"].as_str().unwrap().to_owned();
    stripe.post(&format!("payment_methods/{card}/attach"), &[("customer", &customer)]).await;
    let pays = [("invoice_settings[default_payment_method]", &*card)];
    stripe.post(&format!("customers/{customer}"), &pays).await;
    let wanted = [("customer", &*customer), ("items[0][plan]", "price_pro_monthly")];
    let made = stripe.post("subscriptions", &wanted).await;
    becomes(&app, Tier::Pro).await;
    let page = ana.post_and_follow("/api/billing/cancel", PLAN, &[]).await.ok();
    assert!(page.contains("Current plan: Pro") && page.contains("It ends on"), "{page}");
    stripe.delete(&format!("subscriptions/{}", made["id"].as_str().unwrap())).await;
    becomes(&app, Tier::Free).await;
}

/// Waits for a tier. The webhooks come a second later.
async fn becomes(app: &App, wanted: Tier) {
    eventually(async || tier(app).await == wanted).await;
}
