//! Delivery of invitations by SMTP.

use sqlx::PgPool;

use crate::support::{
    App, Settings, links,
    smtp::{Catcher, Scripted},
};

fn smtp_settings(smtp_url: &str) -> Settings {
    Settings { providers: vec![("GG_SMTP_URL", smtp_url.into())], ..Settings::default() }
}

async fn invited(app: &App) -> String {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada Lovelace <ada@example.org>").await;
    ana.invite_all(event).await;
    app.work().await;
    let page = ana.get(&format!("/dashboard/events/{event}/guests")).await.ok();
    page.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap().to_owned()
}

#[apply(app_test)]
async fn an_invitation_arrives_at_an_smtp_server(db: PgPool) {
    let catcher = Catcher::start().await;
    let app = App::start_with(db, smtp_settings(&catcher.smtp_url)).await;
    let row = invited(&app).await;
    assert!(row.contains(">Sent<"), "{row}");
    let emails = catcher.emails().await;
    assert_eq!(emails.len(), 1);
    let email = &emails[0];
    assert_eq!(email["subject"], "You're invited: Midsummer dinner");
    assert_eq!(email["to"][0]["address"], "ada@example.org");
    assert_eq!(email["from"][0]["address"], "post@guests.example");
    let (text, html) = (email["text"].as_str().unwrap(), email["html"].as_str().unwrap());
    let link = links(text).remove(0);
    assert!(html.contains(&link));
    assert!(app.anonymous().get(&link).await.ok().contains("Dear Ada Lovelace"));
}

#[apply(app_test)]
async fn after_a_temporary_rejection_the_email_is_retried_and_the_reason_shown(db: PgPool) {
    let server = Scripted::start(&["451 4.3.0 Greylisted, come back later"]).await;
    let app = App::start_with(db, smtp_settings(&server.smtp_url)).await;
    let row = invited(&app).await;
    assert!(row.contains(">Queued<") && row.contains("Greylisted"), "{row}");
    // The next attempt is due within half a minute. The test does not wait.
    app.outbox().make_due().await;
    app.work().await;
    assert_eq!(server.accepted(), 1);
    assert_eq!(app.outbox().attempted("sent", 2).await, 1);
}

#[apply(app_test)]
async fn after_a_permanent_rejection_the_email_is_not_retried(db: PgPool) {
    let server = Scripted::start(&["550 5.1.1 No such user here"]).await;
    let app = App::start_with(db, smtp_settings(&server.smtp_url)).await;
    let row = invited(&app).await;
    assert!(row.contains(">Not delivered<") && row.contains("No such user here"), "{row}");
    assert_eq!(app.outbox().in_state("queued").await, 0);
    assert_eq!(server.accepted(), 0);
}

#[apply(app_test)]
async fn while_the_server_is_down_nothing_is_lost(db: PgPool) {
    let app = App::start_with(db, smtp_settings("smtp://127.0.0.1:9")).await;
    let row = invited(&app).await;
    assert!(row.contains(">Queued<"), "{row}");
    assert_eq!(app.outbox().attempted("queued", 1).await, 1);
}
