//! What the log must not carry.

use sqlx::PgPool;

use crate::support::{
    Actor, PASSWORD, links,
    node::{binary, free_address, ready, redis, url},
};

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
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
    sqlx::query("update users set verified_at = now()").execute(&db).await.unwrap();
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
