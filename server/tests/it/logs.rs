//! Logs and metrics contain no secrets and no personal data.

use sqlx::PgPool;

use crate::support::{
    Actor, PASSWORD, eventually, links,
    node::{binary, free_address, ready, redis, url},
    probes,
    smtp::{Act, Scripted},
};

#[apply(app_test)]
async fn asvs_16_2_5_no_secret_is_logged_and_nobody_can_forge_log_lines(db: PgPool) {
    let address = free_address().await;
    let mut command = binary(&url(&db), &redis(), &["serve"]);
    command
        .env("GG_ENV", "production")
        .env("GG_LOG", "debug")
        .env("GG_PUBLIC_URL", format!("http://{address}"))
        .env("GG_SECRET_KEY", guestguard::secrets::random_token().unwrap())
        .env("GG_SMTP_URL", "smtp://ada:canary-smtp@127.0.0.1:9")
        .env("GG_MAIL_FROM", "post@guests.example")
        .env("GG_LISTEN", &address);
    let file = std::env::temp_dir().join(format!("guestguard-log-{}", uuid::Uuid::now_v7()));
    let mut node = ready(&mut command, std::fs::File::create(&file).unwrap().into()).await;

    let ana = Actor::new(address.parse().unwrap());
    let fields = [
        ("form[name]", "Ana"),
        ("form[email]", "ana@example.org"),
        ("form[password]", PASSWORD),
        ("form[accepted]", "true"),
    ];
    ana.post("/api/auth/sign-up", "/sign-up", &fields).await.location();
    ana.sign_in("ana@example.org", "canary-password").await.location();
    let cookie = ana.sign_in("ana@example.org", PASSWORD).await.header("set-cookie").to_owned();
    let cookie = cookie.split(';').next().unwrap().split('=').nth(1).unwrap();
    probes::Database(&db).verify_accounts().await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Canary Matilda <canary-guest@example.org>").await;
    ana.invite_all(event).await;
    let link = ana.link(event, ana.guests(event, "Matilda").await[0]).await;
    assert_eq!(links(&link).len(), 1);
    ana.get(&link).await.ok();
    ana.reply(&link, &[("form[answer]", "maybe"), ("form[message]", "canary-message")]).await.location();
    for path in ["/reset/canary-reset", "/verify/canary-verify", "/new-address/canary-address"] {
        assert_eq!(ana.get(path).await.status, 410, "{path}");
    }
    ana.get("/ws/events/x?ticket=canary-ticket").await;
    ana.get("/nothing%0d%0a%7B%22level%22:%22FORGED%22%7D?canary-query").await;
    ana.fetch_with(&[("user-agent", "a\t{\"level\":\"FORGED\"}")], "/api/auth/sign-out", &[]).await;

    node.kill().await.unwrap();
    let log = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    assert!(log.lines().count() > 20, "{log}");
    let token = link.trim_start_matches("/i/");
    for secret in ["canary", "Canary", PASSWORD, "ana@example.org", "Matilda", token, cookie] {
        let leaks: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(leaks.is_empty(), "{secret} in {leaks:#?}");
    }
    for line in log.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert_ne!(entry["level"], "FORGED");
    }
}

/// Fields of all forms with valid values. All free texts contain a word that is found nowhere else.
fn canaries(event: &str, guest: &str, token: &str) -> Vec<(&'static str, String)> {
    let canary = |name: &str| format!("canary-{name}");
    let ids = [("event", event), ("guest", guest), ("ids[]", guest), ("token", token)];
    let fixed = [
        ("form[starts]", "2099-06-20T18:30"),
        ("form[time_zone]", "Europe/Berlin"),
        ("form[answer]", "maybe"),
        ("form[anchor]", "start"),
        ("form[audience]", "attending"),
        ("form[days]", "1"),
        ("form[accepted]", "true"),
        ("kind", "invitation"),
        ("outcome", "sent"),
        ("channel", "whatsapp"),
    ];
    let free = [
        "name",
        "title",
        "description",
        "venue",
        "address",
        "tags",
        "note",
        "message",
        "companions][",
        "subject",
        "body",
        "password",
        "current_password",
        "confirmation",
    ];
    let mut fields: Vec<(&'static str, String)> = Vec::new();
    fields.extend(ids.into_iter().chain(fixed).map(|(name, value)| (name, value.to_owned())));
    fields.extend(free.into_iter().map(|name| {
        let field: &'static str = format!("form[{name}]").leak();
        (field, canary(name.trim_end_matches("][")))
    }));
    fields.push(("form[email]", "canary-email@example.org".into()));
    fields.push(("form[phone]", "+447911123456".into()));
    fields.push(("form[text]", "Canary Paste <canary-paste@example.org>".into()));
    for name in ["tag", "next", "onwards", "fitting", "audience", "key", "session", "_back"] {
        fields.push((name, format!("/canary-{name}")));
    }
    fields
}

#[apply(app_test)]
async fn canaries_in_every_input_reach_neither_the_log_nor_the_metrics(db: PgPool) {
    let rejecting = Scripted::acting(|_| Act::Reject("550 5.7.26 <canary-guest@example.org> is not proven")).await;
    let (address, metrics) = (free_address().await, free_address().await);
    let mut command = binary(&url(&db), &redis(), &["serve"]);
    command
        .env("GG_ENV", "production")
        .env("GG_LOG", "debug")
        .env("GG_PUBLIC_URL", format!("http://{address}"))
        .env("GG_SECRET_KEY", guestguard::secrets::random_token().unwrap())
        .env("GG_SMTP_URL", &rejecting.smtp_url)
        .env("GG_MAIL_FROM", "post@guests.example")
        .env("GG_METRICS_LISTEN", &metrics)
        .env("GG_LISTEN", &address);
    for limit in guestguard::rate_limits::Limit::ALL {
        command.env(format!("GG_LIMIT_{}", limit.setting().trim_start_matches("GG_LIMIT_")), "100000/60");
    }
    let file = std::env::temp_dir().join(format!("guestguard-log-{}", uuid::Uuid::now_v7()));
    let mut node = ready(&mut command, std::fs::File::create(&file).unwrap().into()).await;
    let ana = Actor::new(address.parse().unwrap());
    let sign_up = crate::support::sign_up_of("canary-host@example.org");
    ana.post("/api/auth/sign-up", "/sign-up", &sign_up).await.location();
    ana.sign_in("canary-host@example.org", PASSWORD).await.location();
    probes::Database(&db).verify_accounts().await;
    let event = ana.plan(&[("form[title]", "Canary Jubilee")]).await;
    ana.paste(event, "Canary Matilda <canary-guest@example.org>\nCanary Phone +44 7911 123456").await;
    ana.bring(event, "canary-file.csv", b"Name,Email\nCanary Row,canary-row@example.org\n").await;
    ana.invite_all(event).await;
    let guest = ana.guests(event, "Matilda").await[0];
    let link = ana.link(event, guest).await;
    let token = link.trim_start_matches("/i/");

    // Functions that delete something come last. Each is called with invalid and with valid values.
    let mut paths: Vec<&str> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    let ends = [
        "/api/privacy/erase",
        "/api/events/cancel",
        "/api/events/delete",
        "/api/privacy/delete-account",
        "/api/auth/sign-out",
    ];
    paths.retain(|path| !ends.contains(path));
    paths.extend(ends);
    assert!(paths.len() > 50, "{paths:?}");
    let right = canaries(&event.to_string(), &guest.to_string(), token);
    for path in paths {
        let right: Vec<_> = right.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let wrong: Vec<_> = right.iter().map(|(name, _)| (*name, "canary wrong\u{0}\u{1b}[31m")).collect();
        ana.fetch(path, &wrong).await;
        ana.fetch(path, &right).await;
        ana.get(&format!("{path}?canary-query=1")).await;
    }
    for page in [
        "/dashboard",
        "/dashboard/account",
        &link,
        "/sign-in?next=/canary-next",
        "/u/canary-unsubscribe",
        "/i/canary-token/data",
    ] {
        ana.get(page).await;
    }
    for (path, body) in [
        ("/webhooks/resend", "canary"),
        ("/webhooks/ses", "{\"canary\":1}"),
        ("/webhooks/twilio?reference=canary", "To=canary"),
        ("/webhooks/stripe", "canary"),
    ] {
        ana.send("POST", path, Some(serde_json::json!({ "canary": body }))).await;
    }
    ana.send("DELETE", "/me", Some(serde_json::json!({ "confirmation": "canary-host@example.org" }))).await;
    // By then the mail server has rejected every message, with the recipient in its reply.
    eventually(async || std::fs::read_to_string(&file).unwrap().contains("rejects our email")).await;
    let metrics_text = reqwest::get(format!("http://{metrics}/metrics")).await.unwrap().text().await.unwrap();
    node.kill().await.unwrap();
    let log = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    assert!(metrics_text.contains("http_request_seconds") && metrics_text.contains("/i/{token}"), "{metrics_text}");
    assert!(log.lines().count() > 200, "{log}");
    for (place, text) in [("log", &log), ("metrics", &metrics_text)] {
        for secret in ["canary", "447911", "Jubilee", "Matilda", token, PASSWORD] {
            let leaks: Vec<_> =
                text.lines().filter(|line| line.to_lowercase().contains(&secret.to_lowercase())).collect();
            assert!(leaks.is_empty(), "{secret} in the {place}: {leaks:#?}");
        }
    }
}
