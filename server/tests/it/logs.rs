//! What the log must not carry.

use sqlx::PgPool;

use crate::support::{
    Actor, PASSWORD, eventually, links,
    node::{binary, free_address, ready, redis, url},
    probes,
    smtp::{Act, Scripted},
};

#[apply(app_test)]
async fn asvs_16_2_5_no_secret_reaches_the_log_and_nobody_can_write_lines_into_it(db: PgPool) {
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
    probes::verify_accounts(&db).await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Canary Matilda <canary-guest@example.org>").await;
    ana.invite_all(event).await;
    let link = ana.link(event, ana.guests(event, "Matilda").await[0]).await;
    assert_eq!(links(&link).len(), 1);
    ana.get(&link).await.ok();
    ana.answer(&link, &[("form[answer]", "maybe"), ("form[message]", "canary-message")]).await.location();
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
        let told: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "{secret} in {told:#?}");
    }
    for line in log.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert_ne!(entry["level"], "FORGED");
    }
}

/// Fields of all forms, and a text for each that is right there, with something in it that is found nowhere else.
fn canaries(event: &str, guest: &str, token: &str) -> Vec<(&'static str, String)> {
    let said = |what: &str| format!("kanarie-{what}");
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
        (field, said(name.trim_end_matches("][")))
    }));
    fields.push(("form[email]", "kanarie-mail@example.org".into()));
    fields.push(("form[phone]", "+447911123456".into()));
    fields.push(("form[text]", "Kanarie Paste <kanarie-paste@example.org>".into()));
    for name in ["tag", "next", "onwards", "fitting", "who", "key", "session", "_back"] {
        fields.push((name, format!("/kanarie-{name}")));
    }
    fields
}

#[apply(app_test)]
async fn canaries_in_every_input_reach_neither_the_log_nor_the_metrics(db: PgPool) {
    let refusing = Scripted::acting(|_| Act::Refuse("550 5.7.26 <kanarie-guest@example.org> is not proven")).await;
    let (address, metrics) = (free_address().await, free_address().await);
    let mut command = binary(&url(&db), &redis(), &["serve"]);
    command
        .env("GG_ENV", "production")
        .env("GG_LOG", "debug")
        .env("GG_PUBLIC_URL", format!("http://{address}"))
        .env("GG_SECRET_KEY", guestguard::secrets::random_token().unwrap())
        .env("GG_SMTP_URL", &refusing.smtp_url)
        .env("GG_MAIL_FROM", "post@guests.example")
        .env("GG_METRICS_LISTEN", &metrics)
        .env("GG_LISTEN", &address);
    for limit in guestguard::rate_limits::Limit::ALL {
        command.env(format!("GG_LIMIT_{}", limit.setting().trim_start_matches("GG_LIMIT_")), "100000/60");
    }
    let file = std::env::temp_dir().join(format!("guestguard-log-{}", uuid::Uuid::now_v7()));
    let mut node = ready(&mut command, std::fs::File::create(&file).unwrap().into()).await;
    let ana = Actor::new(address.parse().unwrap());
    let sign_up = crate::support::sign_up_of("kanarie-host@example.org");
    ana.post("/api/auth/sign-up", "/sign-up", &sign_up).await.location();
    ana.sign_in("kanarie-host@example.org", PASSWORD).await.location();
    probes::verify_accounts(&db).await;
    let event = ana.plan(&[("form[title]", "Kanarie Jubilee")]).await;
    ana.paste(event, "Kanarie Matilda <kanarie-guest@example.org>\nKanarie Phone +44 7911 123456").await;
    ana.bring(event, "kanarie-file.csv", b"Name,Email\nKanarie Row,kanarie-row@example.org\n").await;
    ana.invite_all(event).await;
    let guest = ana.guests(event, "Matilda").await[0];
    let link = ana.link(event, guest).await;
    let token = link.trim_start_matches("/i/");

    // What ends something comes last; once well formed, once in fields that take something else.
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
        let wrong: Vec<_> = right.iter().map(|(name, _)| (*name, "kanarie wrong\u{0}\u{1b}[31m")).collect();
        ana.fetch(path, &wrong).await;
        ana.fetch(path, &right).await;
        ana.get(&format!("{path}?kanarie-query=1")).await;
    }
    for page in [
        "/dashboard",
        "/dashboard/account",
        &link,
        "/sign-in?next=/kanarie-next",
        "/u/kanarie-unsubscribe",
        "/i/kanarie-token/data",
    ] {
        ana.get(page).await;
    }
    for (path, body) in [
        ("/webhooks/resend", "kanarie"),
        ("/webhooks/ses", "{\"kanarie\":1}"),
        ("/webhooks/twilio?reference=kanarie", "To=kanarie"),
        ("/webhooks/stripe", "kanarie"),
    ] {
        ana.send("POST", path, Some(serde_json::json!({ "kanarie": body }))).await;
    }
    ana.send("DELETE", "/me", Some(serde_json::json!({ "confirmation": "kanarie-host@example.org" }))).await;
    // Every message was refused by then, in words that name its recipient.
    eventually(async || std::fs::read_to_string(&file).unwrap().contains("rejects our email")).await;
    let figures = reqwest::get(format!("http://{metrics}/metrics")).await.unwrap().text().await.unwrap();
    node.kill().await.unwrap();
    let log = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    assert!(figures.contains("http_request_seconds") && figures.contains("/i/{token}"), "{figures}");
    assert!(log.lines().count() > 200, "{log}");
    for (place, text) in [("log", &log), ("metrics", &figures)] {
        for secret in ["kanarie", "447911", "Jubilee", "Matilda", token, PASSWORD] {
            let told: Vec<_> =
                text.lines().filter(|line| line.to_lowercase().contains(&secret.to_lowercase())).collect();
            assert!(told.is_empty(), "{secret} in the {place}: {told:#?}");
        }
    }
}
