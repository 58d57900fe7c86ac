//! A populated account for tests of export and erasure, and a search for its data.

use guestguard::ids::{EventId, GuestId};

use crate::support::{Actor, App, PASSWORD, node::url, sign_up_of};

/// An account with data in every personal column: entered through the site, and into the database where only providers
/// write.
pub struct Populated {
    pub host: Actor,
    pub email: String,
    pub event: EventId,
    pub guest: GuestId,
    pub link: String,
    /// Data of the host, and texts that the host wrote.
    pub of_host: Vec<String>,
    /// Data of the guest, whoever wrote it.
    pub of_guest: Vec<String>,
}

impl Populated {
    pub async fn new(app: &App) -> Self {
        // Unique, since all tests share one Redis.
        let mark = uuid::Uuid::new_v4().simple().to_string()[..10].to_owned();
        let marked = |text: &str| format!("{text}{mark}");
        let email = format!("wilhelmina{mark}@example.org");
        let host = app.anonymous();
        let mut fields = sign_up_of(&email);
        let name = marked("Wilhelmina");
        fields[0].1 = &name;
        host.post("/api/auth/sign-up", "/sign-up", &fields).await.location();
        app.work().await;
        app.verify_account(&email).await;
        host.sign_in(&email, PASSWORD).await.location();

        let (title, description, venue, address) = (marked("Jubilee"), marked("Come"), marked("Barn"), marked("Lane"));
        let event = host
            .plan(&[
                ("form[title]", &title),
                ("form[description]", &description),
                ("form[venue]", &venue),
                ("form[address]", &address),
            ])
            .await;
        let id = event.to_string();
        let old = format!("ottokar{mark}@old.example.org");
        let (name, note, tag) = (marked("Ottokar"), marked("Grumpy"), marked("vip"));
        let sheet = format!("Name,Email,Phone,Tags,Note\n{name},{old},+44 7911 123456,{tag},{note}\n");
        let import = host.bring(event, &format!("{}.csv", marked("list")), sheet.as_bytes()).await.to_string();
        host.post("/api/imports/commit", "/dashboard", &[("event", &id), ("import", &import)]).await.location();
        // A second file with the same person, which is not committed.
        host.bring(event, "again.csv", sheet.as_bytes()).await;
        let guest = host.guests(event, &name).await[0];
        let subject = [
            ("event", &*id),
            ("kind", "invitation"),
            ("form[subject]", &marked("Subject")),
            ("form[body]", &format!("{} {{link}}", marked("Body"))),
        ];
        host.post("/api/notifications/set-template", "/dashboard", &subject).await.location();
        let message = [("event", &*id), ("form[text]", &format!("{} {{link}}", marked("Share")))];
        host.post("/api/invitations/set-message", "/dashboard", &message).await.location();
        let rule = [("event", &*id), ("form[anchor]", "start"), ("form[days]", "1"), ("form[audience]", "attending")];
        host.post("/api/notifications/add-reminder", "/dashboard", &rule).await.location();
        host.invite_all(event).await;
        app.work().await;
        let link = host.link(event, guest).await;
        let someone = app.anonymous();
        someone.get(&link).await.ok();
        app.flush_accesses().await;
        let (companion, message) = (marked("Seraphine"), marked("gluten"));
        let reply = [
            ("form[answer]", "attending"),
            ("form[heads]", "2"),
            ("form[companions][]", &*companion),
            ("form[message]", &message),
        ];
        someone.reply(&link, &reply).await.location();
        let shared = [("event", &*id), ("guest", &guest.to_string()), ("outcome", "sent"), ("channel", "whatsapp")];
        host.post("/api/invitations/mark-sent", "/dashboard", &shared).await.location();
        let new = format!("ottokar{mark}@new.example.org");
        let corrected = [
            ("token", link.trim_start_matches("/i/")),
            ("form[name]", &name),
            ("form[email]", &new),
            ("form[phone]", "+447911123456"),
        ];
        someone.post("/api/privacy/correct", &link, &corrected).await.location();
        app.work().await;

        let moved = [("form[email]", &*format!("next{mark}@example.org")), ("form[current_password]", PASSWORD)];
        host.post("/api/auth/change-address", "/dashboard/account", &moved).await.location();
        // A failed sign-in is counted, and its account event waits.
        let stranger = app.anonymous();
        let back = stranger.sign_in(&email, "wrong horse").await.location();
        stranger.get(&back).await.ok();
        // Only providers write these, and only some imports.
        let bounce = format!("550 <{old}> unknown");
        app.outbox().set_provider_columns(&bounce, &format!("p-{mark}")).await;
        app.outbox().add_bounces(&bounce).await;
        app.unsubscribe_everywhere(&[&old, &new, "+447911123456"]).await;
        app.link_billing_customer(&format!("cus_{mark}")).await;
        app.add_cancelled_subscription(&format!("sub_{mark}"), &format!("si_{mark}")).await;
        app.pause_sending_of(&marked("Wilhelmina")).await;
        app.set_import_corrections(&name, &new).await;
        host.post("/api/privacy/request-export", "/dashboard/account", &[]).await.location();
        let worker = guestguard::registry::worker(&app.services, std::future::pending()).await.unwrap();
        app.jobs().postpone_account_event().await;
        worker.run_once().await.unwrap();
        // The suppressions stopped all messages. One is made to wait again.
        app.outbox().requeue("confirmation").await;

        let of_host =
            ["Wilhelmina", "Jubilee", "Come", "Barn", "Lane", "list", "Subject", "Body", "Share", "next"].map(marked);
        let of_guest = ["Ottokar", "Grumpy", "vip", "Seraphine", "gluten"].map(marked);
        Self { host, email, event, guest, link, of_host: of_host.into(), of_guest: of_guest.into() }
    }
}

/// Where any of `texts` is: in a dump of the database, in Redis, or in the folder of the outbox.
pub async fn places_of(app: &App, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    search(&mut found, "the database", &dump(&url(&app.backend.db)), texts);
    search(&mut found, "Redis", &redis_dump().await, texts);
    let folder = app.backend.transports.dev_outbox().unwrap().folder();
    for entry in std::fs::read_dir(folder).unwrap() {
        let raw = std::fs::read(entry.unwrap().path()).unwrap();
        let mail = mail_parser::MessageParser::default().parse(&raw).unwrap();
        let whole = [
            String::from_utf8_lossy(&raw).into_owned(),
            mail.body_text(0).unwrap_or_default().into_owned(),
            mail.body_html(0).unwrap_or_default().into_owned(),
            format!("{:?}", mail.to()),
        ];
        search(&mut found, "the outbox", &whole.join("\n"), texts);
    }
    found
}

/// A dump of a whole database.
pub fn dump(address: &str) -> String {
    let address = address.split('?').next().unwrap();
    let dump = std::process::Command::new("pg_dump").args(["--inserts", address]).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    String::from_utf8_lossy(&dump.stdout).into_owned()
}

/// Adds the lines of `text` in which any of `texts` is.
fn search(found: &mut Vec<String>, place: &str, text: &str, texts: &[String]) {
    let text = text.to_lowercase();
    for one in texts {
        let one = one.to_lowercase();
        // Bytes are dumped in hexadecimal.
        for form in [one.clone(), guestguard::secrets::hex(one.as_bytes())] {
            if let Some(at) = text.find(&form) {
                let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
                let line: String = text[line..].lines().next().unwrap_or_default().chars().take(200).collect();
                found.push(format!("{one} in {place}: {line}"));
            }
        }
    }
}

/// All keys and texts of Redis.
async fn redis_dump() -> String {
    use fred::prelude::*;
    use futures::TryStreamExt;
    let config = Config::from_url(&std::env::var("GG_REDIS_URL").unwrap()).unwrap();
    let redis = Builder::from_config(config).build().unwrap();
    redis.init().await.unwrap();
    let keys: Vec<Key> = redis.scan_buffered("*", Some(500), None).try_collect().await.unwrap();
    let mut whole = String::new();
    for key in keys {
        whole.push_str(&key.as_str_lossy());
        let value: Result<Value, _> = redis.get(key).await;
        if let Some(bytes) = value.ok().and_then(Value::into_bytes) {
            whole.push_str(&String::from_utf8_lossy(&bytes));
        }
        whole.push('\n');
    }
    whole
}
