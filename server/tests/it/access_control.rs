//! Access control: requests from other sites, strangers and other hosts.

use std::collections::BTreeSet;

use crate::support::App;
use guestguard::problem::Problem;

const NOWHERE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[apply(app_test)]
async fn asvs_3_5_1_what_other_sites_send_changes_nothing(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await.to_string();
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ] {
        let refused = ana.fetch_with(headers, "/api/events/cancel", &[("event", &event)]).await;
        assert_eq!(refused.status, 403, "{headers:?}");
    }
    assert_eq!(app.cancelled_events().await, 0);
    let ours = [("sec-fetch-site", "same-origin"), ("origin", "null")];
    assert_eq!(ana.fetch_with(&ours, "/api/events/cancel", &[("event", &event)]).await.status, 200);
}

/// Every server function of the registry. A new one without a case here fails.
#[apply(app_test)]
async fn every_server_function_keeps_strangers_out(app: App) {
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>\nAunt Matilda").await;
    ana.invite_all(event).await;
    let guest = ana.guests(event, "Ada").await[0];
    let session = app.session_id("Ana").await;
    let import = ana.bring(event, "guests.csv", b"Name\nBo\n").await.to_string();
    let rule = [("form[anchor]", "start"), ("form[days]", "1"), ("form[audience]", "attending")];
    let id = event.to_string();
    let fields = [&[("event", &*id)][..], &rule].concat();
    ana.post("/api/notifications/add-reminder", "/dashboard", &fields).await.location();
    let reminder = app.reminder_id().await;
    let (event, guest, session) = (event.to_string(), guest.to_string(), session.to_string());
    let reminder = reminder.to_string();
    let theirs = [
        ("reminder", &*reminder),
        ("import", &*import),
        ("tag", "VIP"),
        ("outcome", "sent"),
        ("channel", "sms"),
        ("form[phone]", "+447911123456"),
        ("line", "2"),
        ("lines[]", "2"),
        ("form[columns][]", "name"),
        ("form[duplicates]", "skip"),
        ("event", &*event),
        ("guest", &*guest),
        ("ids[]", &*guest),
        ("session", &*session),
        ("token", "never-issued"),
        ("form[name]", "Mallory"),
        ("form[address]", "mallory@example.org"),
        ("kind", "invitation"),
        ("tier", "pro"),
        ("interval", "monthly"),
        ("key", NOWHERE),
        ("at", "1"),
        ("form[anchor]", "start"),
        ("form[audience]", "attending"),
        ("form[text]", "Mallory {link}"),
        ("form[title]", "Mallory"),
        ("form[starts]", "2099-06-20T18:30"),
        ("form[time_zone]", "Europe/Berlin"),
    ];
    // Everybody may call these. Without a valid token or form they change nothing.
    let open = BTreeSet::from([
        "/api/auth/sign-up",
        "/api/auth/sign-in",
        "/api/auth/request-reset",
        "/api/auth/reset",
        "/api/auth/verify",
        "/api/auth/confirm-new-address",
        "/api/rsvp/answer",
        "/api/privacy/correct",
        "/api/privacy/stop-channel",
        "/api/privacy/erase",
    ]);
    // These concern only the caller's own account, so that another host finds nothing.
    let own = BTreeSet::from([
        "/api/auth/sign-out",
        "/api/auth/request-verification",
        "/api/auth/change-password",
        "/api/auth/change-address",
        "/api/auth/end-other-sessions",
        "/api/events/create",
        "/api/guests/read-paste",
        "/api/billing/buy",
        "/api/billing/portal",
        "/api/billing/cancel",
        "/api/billing/resume",
        "/api/billing/refresh",
        "/api/privacy/accept",
        "/api/privacy/request-export",
        "/api/privacy/delete-account",
        "/api/auth/reauthenticate",
    ]);
    let before = app.snapshot().await;
    let paths: BTreeSet<String> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned()).collect();
    assert!(paths.len() > 25, "{paths:?}");
    for path in &paths {
        let anonymous = app.anonymous().fetch(path, &theirs).await.status.as_u16();
        match path.as_str() {
            path if open.contains(path) => assert!(matches!(anonymous, 404 | 410 | 422), "{path}: {anonymous}"),
            path if own.contains(path) => assert_eq!(anonymous, 401, "{path}"),
            path => {
                let foreign = ben.fetch(path, &theirs).await;
                assert_eq!((anonymous, foreign.status.as_u16()), (401, 404), "{path}");
                assert_eq!(foreign.problem(), Problem::NotFound, "{path}");
                let ids = [&*event, &*guest, &*session, &*import];
                let nowhere = theirs.map(|(name, value)| (name, if ids.contains(&value) { NOWHERE } else { value }));
                let missing = ben.fetch(path, &nowhere).await;
                assert_eq!(missing.body, foreign.body, "{path}: foreign and missing read alike");
            }
        }
        let got = app.anonymous().get(path).await;
        assert!(matches!(got.status.as_u16(), 404 | 405), "{path} answers GET with {}", got.status);
    }
    assert_eq!(app.snapshot().await, before, "nothing of Ana's was written");
}

/// Every page of the router, so that a new one is tested, too.
#[apply(app_test)]
async fn every_page_keeps_strangers_out(app: App) {
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    // The welcome of a new account is shown once.
    ben.get("/dashboard").await.ok();
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>").await;
    let guest = ana.guests(event, "Ada").await[0];
    let import = ana.bring(event, "guests.csv", b"Name\nBo\n").await.to_string();
    let routes = leptos_axum::generate_route_list(app::App);
    let paths: BTreeSet<String> = routes.iter().map(|route| route.path().to_owned()).collect();
    assert!(paths.len() > 20, "{paths:?}");
    for path in &paths {
        let of = |event: &str| {
            let path =
                path.replace("{event}", event).replace("{guest}", &guest.to_string()).replace("{import}", &import);
            path.replace("{token}", "never-issued").replace("{mail}", "never-written")
        };
        let (theirs, missing) = (of(&event.to_string()), of(NOWHERE));
        assert!(!theirs.contains('{') && !theirs.contains(':'), "{theirs} has a part that this test does not know");
        let anonymous = app.anonymous().get(&theirs).await;
        if !path.starts_with("/dashboard") {
            assert!(matches!(anonymous.status.as_u16(), 200 | 404 | 410), "{path}: {}", anonymous.status);
            continue;
        }
        assert!(anonymous.location().starts_with("/sign-in?next="), "{path}");
        if path.contains("{event}") {
            ana.get(&theirs).await.ok();
            let (foreign, missing) = (ben.get(&theirs).await, ben.get(&missing).await);
            assert_eq!((foreign.status.as_u16(), missing.status.as_u16()), (404, 404), "{path}");
            let seen = |page: &str| page.split_once("<main").unwrap().1.split_once("</main>").unwrap().0.to_owned();
            assert_eq!(seen(&foreign.body), seen(&missing.body), "{path}: foreign and missing read alike");
        }
    }
}

/// Every route of the router's source that is neither a page nor a server function.
#[apply(app_test)]
async fn every_other_route_keeps_strangers_out(app: App) {
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    let event = ana.plan(&[]).await;
    let import = ana.bring(event, "guests.csv", b"Name\nBo\n").await.to_string();
    let event = event.to_string();
    // These belong to nobody, or a secret in the path opens them.
    let open = [
        "/livez",
        "/readyz",
        "/health",
        "/api/{*function}",
        "/dev/inbox/{mail}/html",
        "/i/{token}/event.ics",
        "/i/{token}/data.json",
        "/u/{token}",
        "/guest-list.csv",
        "/guest-list.xlsx",
        app::phone::TABLE,
    ];
    let source = include_str!("../../src/router.rs").replace("app::phone::TABLE", "\"/phone-countries.json\"");
    let source = source.split_whitespace().collect::<String>();
    let routes: Vec<_> = source.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let product = routes.into_iter().take_while(|route| *route != "/");
    let mut tried = 0;
    for route in product.filter(|route| !open.contains(route)) {
        let responses = async |id: &str| {
            let path = route.replace("{event}", id).replace("{import}", &import);
            assert!(!path.contains('{'), "{path} has a part that this test does not know");
            if ["/dashboard", "/me/"].iter().any(|posts| route.starts_with(posts)) {
                // These take a file, but the check of access comes first, so that an empty form suffices.
                let (anonymous, foreign) = (app.anonymous().fetch(&path, &[]).await, ben.fetch(&path, &[]).await);
                return (anonymous.status.as_u16(), foreign.status.as_u16(), foreign.body);
            }
            let (anonymous, foreign) = (app.anonymous().get(&path).await, ben.get(&path).await);
            (anonymous.status.as_u16(), foreign.status.as_u16(), foreign.body)
        };
        let (theirs, missing) = (responses(&event).await, responses(NOWHERE).await);
        if route.contains('{') {
            assert_eq!(theirs, missing, "{route}: foreign and missing read alike");
        }
        match route {
            "/me" | "/me/accept-terms" => assert_eq!((theirs.0, theirs.1), (401, 200)),
            // The caller's own data.
            "/me/data-export" => assert_eq!((theirs.0, theirs.1), (401, 202)),
            "/dashboard/account/export" => assert_eq!((theirs.0, theirs.1), (401, 200)),
            // Not a WebSocket upgrade.
            "/ws/events/{event}" => assert_eq!((theirs.0, theirs.1), (400, 400)),
            // A file is uploaded below.
            "/dashboard/events/{event}/guests/import" => assert_eq!((theirs.0, theirs.1), (401, 400)),
            route => assert_eq!((theirs.0, theirs.1), (401, 404), "{route}"),
        }
        tried += 1;
    }
    assert!(tried >= 5, "{tried} routes");
    for event in [&*event, NOWHERE] {
        let page = ben.upload(event.parse().unwrap(), "guests.csv", b"Name\nMallory\n").await.location();
        assert_eq!(ben.get(&page).await.status, 404);
    }
    assert_eq!(app.import_rows_with("Mallory").await, 0);
}

#[apply(app_test)]
async fn asvs_3_7_2_a_foreign_referer_is_not_redirected_to(app: App) {
    let ana = app.host("Ana").await;
    for accept in ["text/html", "application/json", "*/*"] {
        let headers = [("referer", "https://evil.example/"), ("accept", accept)];
        let response = ana.fetch_with(&headers, "/api/events/cancel", &[("event", NOWHERE)]).await;
        assert!(!response.header("location").contains("evil") && !response.body.contains("evil"), "{accept}");
    }
}

#[apply(app_test)]
async fn asvs_3_5_3_opening_pages_changes_nothing(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>").await;
    let guest = ana.guests(event, "Ada").await[0];
    let before = app.snapshot().await;
    for path in
        ["/", "/sign-in", "/sign-up", "/forgot", "/dashboard", "/dashboard/account", "/dashboard/events/new", "/me"]
    {
        ana.get(path).await.ok();
    }
    for path in [
        "",
        "/edit",
        "/cancel",
        "/delete",
        "/guests",
        "/guests/new",
        "/guests/paste",
        "/invite",
        &format!("/guests/{guest}"),
    ] {
        ana.get(&format!("/dashboard/events/{event}{path}")).await.ok();
    }
    assert_eq!(app.snapshot().await, before);
}
