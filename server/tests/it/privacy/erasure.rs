//! Erasure of guests and accounts, also after a restore.

use sqlx::PgPool;

use super::populated::{Populated, dump, places_of};
use crate::support::{
    App, PASSWORD, Settings,
    backups::{Place, scratch},
    node::url,
    probes::Database,
    sign_up_of,
    stripe::{LocalStripe, Stripe},
};

#[apply(app_test)]
async fn a_guest_who_erased_themselves_is_found_nowhere(app: App) {
    let account = Populated::new(&app).await;
    for text in &account.of_guest {
        let places = places_of(&app, std::slice::from_ref(text)).await;
        assert!(places.iter().any(|place| place.contains("the database")), "{text} was there before: {places:?}");
    }
    let places = places_of(&app, &account.of_guest[..1]).await;
    assert!(places.iter().any(|place| place.contains("the outbox")), "{places:?}");
    let token = account.link.trim_start_matches("/i/").to_owned();
    let someone = app.anonymous();
    let erase = format!("{}/erase", account.link);
    assert!(someone.get(&erase).await.ok().contains("Delete your data?"));
    let onwards = someone.post("/api/privacy/erase", &erase, &[("token", &token)]).await.location();
    let gone = someone.get(&onwards).await;
    assert!(gone.status == 410 && gone.body.contains("Your data has been deleted"), "{}", gone.body);
    for page in ["", "/data", "/erase", "/event.ics", "/data.json"] {
        assert_eq!(someone.get(&format!("{}{page}", account.link)).await.status, 410, "{page}");
    }
    app.work().await;
    assert_eq!(places_of(&app, &account.of_guest).await, Vec::<String>::new());
    // The host sees that a guest was erased, but not who it was.
    let list = account.host.get(&format!("/dashboard/events/{}/guests", account.event)).await.ok();
    assert!(list.contains("Anonymous guest"));
    let seat = account.host.get(&format!("/dashboard/events/{}/guests/{}", account.event, account.guest)).await.ok();
    assert!(
        seat.contains("data was deleted") && !seat.contains("/api/guests/edit") && !seat.contains("/api/invitations/")
    );
    assert!(account.host.get("/dashboard/account").await.ok().contains("deleted their data"));
}

#[apply(app_test)]
async fn delete_me_then_sign_up_again_with_the_same_address(app: App) {
    let account = Populated::new(&app).await;
    let page = account.host.get("/dashboard/account/delete").await.ok();
    for text in ["1 event with 1 guest", "1 personal link", "be undone"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let delete = |confirmation: &str| [("form[confirmation]", confirmation.to_owned())];
    let wrong = delete("somebody@example.org");
    let wrong: Vec<_> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let back =
        account.host.post_and_follow("/api/privacy/delete-account", "/dashboard/account/delete", &wrong).await.ok();
    assert!(back.contains("type the email address of your account"), "{back}");
    let right = [("form[confirmation]", &*account.email)];
    let left = account.host.post("/api/privacy/delete-account", "/dashboard/account/delete", &right).await;
    assert_eq!(left.location(), "/sign-in");
    assert!(left.header("clear-site-data").contains("storage"));
    assert!(account.host.get("/sign-in").await.ok().contains("have been deleted"));

    assert!(account.host.get("/dashboard").await.location().starts_with("/sign-in"));
    assert_eq!(app.anonymous().get(&account.link).await.status, 404);
    let stranger = app.anonymous();
    assert_eq!(stranger.sign_in(&account.email, PASSWORD).await.location(), "/sign-in");
    assert!(stranger.get("/sign-in").await.ok().contains("don't match"));
    app.work().await;
    let all = [account.of_host.clone(), account.of_guest.clone()].concat();
    assert_eq!(places_of(&app, &all).await, Vec::<String>::new());
    assert_eq!(app.account_owners().await, [("-".to_owned(), String::new())]);

    // The same person signs up again.
    let again = app.anonymous();
    assert_eq!(again.post("/api/auth/sign-up", "/sign-up", &sign_up_of(&account.email)).await.location(), "/sign-in");
    app.work().await;
    assert!(app.emails(&account.email).await[0].contains("Welcome to GuestGuard"));
    assert_eq!(again.sign_in(&account.email, PASSWORD).await.location(), "/dashboard");
    assert!(!again.get("/dashboard").await.ok().contains("Jubilee"));
}

#[apply(app_test)]
async fn a_program_deletes_an_account_soon_after_a_password(app: App) {
    let ana = app.host("Ana").await;
    let with = |address: &str| Some(serde_json::json!({ "confirmation": address }));
    assert_eq!(app.anonymous().send("DELETE", "/me", with("ana@example.org")).await.status, 401);
    assert_eq!(ana.send("DELETE", "/me", with("ben@example.org")).await.status, 422);
    app.age_reauthentication().await;
    let late = ana.send("DELETE", "/me", with("ana@example.org")).await;
    assert_eq!((late.status.as_u16(), late.body.as_str()), (401, "\"SignInAgain\""));
    // In the browser, the page asks for the password and continues.
    let page = ana.get("/dashboard/account/delete").await.ok();
    assert!(page.contains("Confirm your password to continue") && !page.contains("/api/privacy/delete-account"));
    let password = [("form[current_password]", PASSWORD), ("onwards", "/dashboard/account/delete")];
    let onwards = ana.post("/api/auth/reauthenticate", "/dashboard/account/delete", &password).await.location();
    assert!(ana.get(&onwards).await.ok().contains("/api/privacy/delete-account"));
    assert_eq!(ana.send("DELETE", "/me", with("ana@example.org")).await.status, 204);
    assert_eq!(ana.get("/me").await.status, 401);
    assert_eq!(app.accounts_not_deleted().await, 0);
}

#[apply(app_test)]
async fn deleting_an_account_ends_its_plan_and_deletes_the_customer_at_stripe(db: PgPool) {
    let stripe = Stripe::start().await;
    let app = App::start_with(db.clone(), stripe.settings()).await;
    stripe.send_webhooks_to(&app).await;
    let ana = app.host("Ana").await;
    let key = crate::support::hidden(&ana.get("/dashboard/billing").await.ok(), "key").remove(0);
    let buy = [("tier", "pro"), ("interval", "monthly"), ("key", &key)];
    let page = ana.post("/api/billing/buy", "/dashboard/billing", &buy).await.location();
    ana.get(&stripe.press(&page, "pay").await).await.ok();
    assert_eq!(app.active_subscriptions().await, 1);
    assert!(ana.get("/dashboard/account/delete").await.ok().contains("Your plan is cancelled immediately"));
    assert!(ana.get("/dashboard/billing").await.ok().contains("/dashboard/account#data"));

    // Stripe is down at first.
    stripe.set(serde_json::json!({ "down": true })).await;
    let right = [("form[confirmation]", "ana@example.org")];
    ana.post("/api/privacy/delete-account", "/dashboard/account/delete", &right).await.location();
    app.work().await;
    assert_eq!(stripe.count("customers").await, 1);
    stripe.set(serde_json::json!({ "down": false })).await;
    app.jobs().make_due().await;
    app.work().await;
    assert_eq!((stripe.count("customers").await, stripe.count("active").await), (0, 0));
}

#[apply(app_test)]
async fn deleting_an_account_ends_its_plan_at_localstripe_too(db: PgPool) {
    let stripe = LocalStripe::start().await;
    let app = App::start_with(db.clone(), stripe.settings()).await;
    stripe.send_webhooks_to(&app).await;
    let ana = app.host("Ana").await;
    let customer = stripe.post("customers", &[("email", "ana@example.org")]).await["id"].as_str().unwrap().to_owned();
    let card = [
        ("type", "card"),
        ("card[number]", "4242424242424242"),
        ("card[exp_month]", "12"),
        ("card[exp_year]", "2030"),
        ("card[cvc]", "123"),
    ];
    let method = stripe.post("payment_methods", &card).await["id"].as_str().unwrap().to_owned();
    stripe.post(&format!("payment_methods/{method}/attach"), &[("customer", &customer)]).await;
    stripe.post(&format!("customers/{customer}"), &[("invoice_settings[default_payment_method]", &method)]).await;
    app.link_billing_customer(&customer).await;
    let subscription =
        stripe.post("subscriptions", &[("customer", &customer), ("items[0][plan]", "price_pro_monthly")]).await;
    let subscription = subscription["id"].as_str().unwrap().to_owned();
    let right = [("form[confirmation]", "ana@example.org")];
    ana.post("/api/privacy/delete-account", "/dashboard/account/delete", &right).await.location();
    app.work().await;
    assert_eq!(stripe.get(&format!("subscriptions/{subscription}")).await["status"], "canceled");
    let customer = stripe.get(&format!("customers/{customer}")).await;
    assert!(customer["deleted"] == true || customer.get("error").is_some(), "{customer}");
}

#[apply(app_test)]
async fn a_restore_erases_again_everybody_who_was_erased_after_the_backup(db: PgPool) {
    let place = Place::folder();
    let app = App::start_with(db.clone(), Settings { providers: place.settings(), ..Settings::default() }).await;
    let account = Populated::new(&app).await;
    let ben = app.host("Ben").await;
    let event = ben.plan(&[("form[title]", "Ben's dinner")]).await;
    ben.paste(event, "Matilda Underhill <matilda@example.org>").await;
    ben.invite_all(event).await;
    let matilda = ben.link(event, ben.guests(event, "Matilda").await[0]).await;
    place.back_up(&db).await;

    let token = matilda.trim_start_matches("/i/");
    let someone = app.anonymous();
    someone.post("/api/privacy/erase", &matilda, &[("token", token)]).await.location();
    let right = [("form[confirmation]", &*account.email)];
    account.host.post("/api/privacy/delete-account", "/dashboard/account/delete", &right).await.location();
    app.jobs().add("ship_erasure_log").await;
    app.work().await;

    let copy = scratch(&db).await;
    let into = ["restore", "--from", "latest", "--into", &copy.url, "--json"];
    let ran = place.command(&url(&db), &into).env("GG_SECRET_KEY", &app.secret_key).output().await.unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let there = PgPool::connect(&copy.url).await.unwrap();
    let mut texts = [account.of_host.clone(), account.of_guest.clone()].concat();
    texts.push("Underhill".into());
    texts.push("matilda@".into());
    let dump = dump(&copy.url).to_lowercase();
    for text in texts {
        assert!(!dump.contains(&text.to_lowercase()), "{text} is back");
    }
    assert_eq!(Database(&there).guest_names().await, ["Anonymous guest"]);
    assert_eq!(Database(&there).erased_suppressions().await, 1, "and she is still not written to");
    there.close().await;
    copy.remove().await.unwrap();
}
