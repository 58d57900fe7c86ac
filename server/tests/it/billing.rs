//! Billing: the limits of plans.

mod plans;

use guestguard::{ids::EventId, plan::Tier};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Actor, App, Response, Settings, eventually, hidden, stripe::Stripe};

const PLAN: &str = "/dashboard/billing";

const EVENT: [(&str, &str); 4] = [
    ("form[title]", "One more"),
    ("form[starts]", "2099-06-20T18:30"),
    ("form[time_zone]", "Europe/Berlin"),
    ("form[party_size]", "4"),
];

/// A node that sells plans and gets Stripe's webhooks.
async fn shop(db: PgPool) -> (App, Stripe) {
    let stripe = Stripe::start().await;
    let app = App::start_with(db, stripe.settings()).await;
    stripe.send_webhooks_to(&app).await;
    (app, stripe)
}

/// Starts a checkout. Returns its address.
async fn checkout(host: &Actor, tier: &str, interval: &str) -> String {
    let key = hidden(&host.get(PLAN).await.ok(), "key").remove(0);
    buy(host, tier, interval, &key).await.location()
}

async fn buy(host: &Actor, tier: &str, interval: &str, key: &str) -> Response {
    host.post("/api/billing/buy", PLAN, &[("tier", tier), ("interval", interval), ("key", key)]).await
}

/// Buys a plan and returns to the site.
async fn subscribed(stripe: &Stripe, host: &Actor, tier: &str) -> String {
    let page = checkout(host, tier, "monthly").await;
    let back = stripe.press(&page, "pay").await;
    host.get(&back).await.ok()
}

async fn tier(app: &App) -> Tier {
    let host = app.account_id("Ana").await;
    guestguard::billing::queries::tier(&app.backend.db, &app.backend, host).await.unwrap()
}

async fn subscription(app: &App) -> String {
    app.active_subscription().await
}

fn guests(from: usize, many: usize) -> String {
    (from..from + many).map(|n| format!("Guest {n} <guest{n}@example.org>\n")).collect()
}

fn upgrade(response: &Response) -> Value {
    assert_eq!(response.status, 402, "{}", response.body);
    serde_json::from_str(&response.body).unwrap()
}

async fn paste(host: &Actor, event: EventId, text: &str) -> Response {
    host.fetch("/api/guests/paste", &[("event", &event.to_string()), ("form[text]", text)]).await
}

async fn add(host: &Actor, event: EventId) -> Response {
    host.fetch("/api/guests/add", &[("event", &event.to_string()), ("form[name]", "One more")]).await
}

async fn import(host: &Actor, event: EventId, from: usize, many: usize, fit: bool) -> Response {
    let rows: String = (from..from + many).map(|n| format!("Guest {n},guest{n}@example.org\n")).collect();
    let import = host.bring(event, "guests.csv", format!("Name,Email\n{rows}").as_bytes()).await.to_string();
    let fit = if fit { "true" } else { "false" };
    let fields = [("event", &*event.to_string()), ("import", &*import), ("fit", fit)];
    host.fetch("/api/imports/commit", &fields).await
}

#[apply(app_test)]
async fn free_tier_event_limit(db: PgPool) {
    let (app, _stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    ana.plan(&[]).await;
    let refused = upgrade(&ana.fetch("/api/events/create", &EVENT).await);
    let wanted = json!({ "error": "upgrade_required", "reason": "events", "tier": "free", "used": 1, "limit": 1, "upgrade_url": PLAN });
    assert_eq!(refused, wanted);
    let page = ana.post_and_follow("/api/events/create", "/dashboard/events/new", &EVENT).await.ok();
    assert!(page.contains("Your plan is full") && page.contains("<dialog") && page.contains("See what Pro offers"));
    assert!(page.contains("value=\"One more\""), "nothing typed is lost");
    assert!(page.contains("1 of 1 event"));
    assert_eq!(app.events().await, 1);
}

#[apply(app_test)]
async fn free_tier_guest_limit_by_form_quick_add_and_import(db: PgPool) {
    let (app, _stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    assert_eq!(paste(&ana, event, &guests(0, 49)).await.status, 200);
    let full = |used: i64| json!({ "error": "upgrade_required", "reason": "guests", "tier": "free", "used": used, "limit": 50, "upgrade_url": PLAN });
    assert_eq!(upgrade(&paste(&ana, event, &guests(49, 2)).await), full(49));
    assert_eq!(upgrade(&import(&ana, event, 49, 2, false).await), full(49));
    assert_eq!(app.guests().await, 49, "all or nobody");
    assert_eq!(add(&ana, event).await.status, 200);
    assert_eq!(upgrade(&add(&ana, event).await), full(50));
    assert_eq!(upgrade(&import(&ana, event, 60, 1, false).await), full(50));
    let page = ana.get(&format!("/dashboard/events/{event}/guests")).await.ok();
    assert!(page.contains("50 of 50 guests") && page.contains("Upgrade"));
}

#[apply(app_test)]
async fn an_import_says_before_how_many_fit_and_adds_only_those_if_wanted(db: PgPool) {
    let (app, _stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    paste(&ana, event, &guests(0, 48)).await;
    let rows: String = (100..105).map(|n| format!("Guest {n},guest{n}@example.org\n")).collect();
    let file = ana.bring(event, "guests.csv", format!("Name,Email\n{rows}").as_bytes()).await;
    let page = ana.get(&format!("/dashboard/events/{event}/guests/import/{file}?show=over-limit")).await.ok();
    assert!(page.contains("3 over the limit") && page.contains("exceed the guest limit of your plan"));
    assert!(page.contains("Import 2 guests") && page.contains("Import all 5 guests"));
    assert_eq!(import(&ana, event, 100, 5, true).await.status, 200);
    assert_eq!(app.guests().await, 50);
}

#[apply(app_test)]
async fn business_tier_passes_both(db: PgPool) {
    let (app, stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    let page = subscribed(&stripe, &ana, "business").await;
    assert!(page.contains("Current plan: Business") && page.contains("It renews on"), "{page}");
    let event = ana.plan(&[]).await;
    for _ in 0..11 {
        ana.plan(&[]).await;
    }
    for from in [0, 500, 1_000] {
        assert_eq!(paste(&ana, event, &guests(from, 500)).await.status, 200);
    }
    assert_eq!(import(&ana, event, 2_000, 3_499, false).await.status, 200);
    assert_eq!(add(&ana, event).await.status, 200);
    assert_eq!(upgrade(&add(&ana, event).await)["limit"], 5_000);
    assert_eq!(upgrade(&import(&ana, event, 9_000, 1, false).await)["tier"], "business");
    assert_eq!(app.guests().await, 5_000);
}

#[apply(app_test)]
async fn pro_tier_passes_what_free_does_not_and_ends_at_its_own_limits(db: PgPool) {
    let (app, stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    subscribed(&stripe, &ana, "pro").await;
    let event = ana.plan(&[]).await;
    for _ in 1..10 {
        ana.plan(&[]).await;
    }
    assert_eq!(upgrade(&ana.fetch("/api/events/create", &EVENT).await)["limit"], 10);
    assert_eq!(import(&ana, event, 0, 999, false).await.status, 200);
    assert_eq!(upgrade(&paste(&ana, event, &guests(2_000, 2)).await)["used"], 999);
    assert_eq!(add(&ana, event).await.status, 200);
    assert_eq!(upgrade(&add(&ana, event).await)["limit"], 1_000);
}

/// `bin/controls plan-limit` shows that it fails without the account's lock.
#[apply(app_test)]
async fn fifty_at_once_never_go_one_over_a_limit(db: PgPool) {
    let (app, _stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    // While the account is locked, requests that do not wait for each other would all count before the first writes.
    let lock = app.lock_accounts().await;
    let release = async {
        eventually(async || app.lock_waits().await >= 3).await;
        lock.rollback().await.unwrap();
    };
    let planning = futures::future::join_all((0..50).map(|_| ana.fetch("/api/events/create", &EVENT)));
    let (planned, ()) = tokio::join!(planning, release);
    assert_eq!(planned.iter().filter(|response| response.status == 200).count(), 1);
    assert!(planned.iter().all(|response| response.status == 200 || response.status == 402));
    let event = app.event_id().await;
    paste(&ana, event, &guests(0, 40)).await;
    let added = futures::future::join_all((0..50).map(|_| add(&ana, event))).await;
    assert_eq!(added.iter().filter(|response| response.status == 200).count(), 10);
    assert_eq!(app.guests().await, 50);
}

#[apply(app_test)]
async fn after_a_downgrade_guests_can_still_reply(db: PgPool) {
    let (app, stripe) = shop(db).await;
    let ana = app.host("Ana").await;
    subscribed(&stripe, &ana, "pro").await;
    let event = ana.plan(&[]).await;
    paste(&ana, event, &guests(0, 51)).await;
    ana.invite_all(event).await;
    let guest = ana.guests(event, "Guest 7").await[0];
    let link = ana.link(event, guest).await;
    let id = subscription(&app).await;
    stripe.change_subscription("customer.subscription.deleted", &id, json!({ "status": "canceled" })).await;
    assert_eq!(upgrade(&add(&ana, event).await)["used"], 51);
    let resent = [("event", &*event.to_string()), ("guest", &*guest.to_string())];
    assert_eq!(upgrade(&ana.fetch("/api/invitations/resend", &resent).await)["reason"], "too-many-guests");
    let page = ana.post_and_follow("/api/invitations/resend", "/dashboard", &resent).await.ok();
    assert!(page.contains("They can still open their links and reply"));
    ana.get(&format!("/dashboard/events/{event}/guests")).await.ok();
    let nobody = app.anonymous();
    nobody.get(&link).await.ok();
    nobody.reply(&link, &[("form[answer]", "attending"), ("form[heads]", "1")]).await.location();
    assert_eq!(app.attending_replies().await, 1);
}

#[apply(app_test)]
async fn without_stripe_no_plans_are_shown(db: PgPool) {
    let providers = vec![("GG_DEFAULT_TIER", "pro".into())];
    let app = App::start_with(db, Settings { providers, ..Settings::default() }).await;
    let ana = app.host("Ana").await;
    for page in ["/pricing", PLAN] {
        assert_eq!(ana.get(page).await.status, 404, "{page}");
    }
    let page = ana.get("/dashboard/account").await.ok();
    assert!(!page.contains("Your plan") && !page.contains("/pricing"));
    assert_eq!(ana.fetch("/api/billing/portal", &[]).await.status, 404);
    let refused =
        reqwest::Client::new().post(format!("http://{}/webhooks/stripe", app.address)).headers(HeaderMap::new());
    assert_eq!(refused.send().await.unwrap().status(), 400);
    for _ in 0..10 {
        ana.plan(&[]).await;
    }
    assert_eq!(upgrade(&ana.fetch("/api/events/create", &EVENT).await)["tier"], "pro");
}
