use guestguard::ids::{EventId, GuestId};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::{Actor, App, PASSWORD, sign_up_of};

/// An account in which every column that is about somebody holds something: made through the doors, and behind them where
/// only a provider would write.
pub struct Populated {
    pub host: Actor,
    pub email: String,
    pub event: EventId,
    pub guest: GuestId,
    pub link: String,
    /// What tells the host, and what the host wrote.
    pub of_host: Vec<String>,
    /// What tells the guest, whoever wrote it.
    pub of_guest: Vec<String>,
}

impl Populated {
    pub async fn new(app: &App) -> Self {
        // Found nowhere else, also not in the Redis that all tests share.
        let mark = uuid::Uuid::new_v4().simple().to_string()[..10].to_owned();
        let said = |what: &str| format!("{what}{mark}");
        let email = format!("wilhelmina{mark}@example.org");
        let host = app.anonymous();
        let mut fields = sign_up_of(&email);
        let name = said("Wilhelmina");
        fields[0].1 = &name;
        host.post("/api/auth/sign-up", "/sign-up", &fields).await.location();
        app.work().await;
        app.verify_account(&email).await;
        host.sign_in(&email, PASSWORD).await.location();

        let (title, words, venue, address) = (said("Jubilee"), said("Come"), said("Barn"), said("Lane"));
        let event = host
            .plan(&[
                ("form[title]", &title),
                ("form[description]", &words),
                ("form[venue]", &venue),
                ("form[address]", &address),
            ])
            .await;
        let id = event.to_string();
        let old = format!("ottokar{mark}@old.example.org");
        let (name, note, tag) = (said("Ottokar"), said("Grumpy"), said("vip"));
        let sheet = format!("Name,Email,Phone,Tags,Note\n{name},{old},+44 7911 123456,{tag},{note}\n");
        let import = host.bring(event, &format!("{}.csv", said("list")), sheet.as_bytes()).await.to_string();
        host.post("/api/imports/commit", "/dashboard", &[("event", &id), ("import", &import)]).await.location();
        // Another file with the same person, that nobody committed.
        host.bring(event, "again.csv", sheet.as_bytes()).await;
        let guest = host.guests(event, &name).await[0];
        let subject = [
            ("event", &*id),
            ("kind", "invitation"),
            ("form[subject]", &said("Subject")),
            ("form[body]", &format!("{} {{link}}", said("Body"))),
        ];
        host.post("/api/notifications/set-template", "/dashboard", &subject).await.location();
        let message = [("event", &*id), ("form[text]", &format!("{} {{link}}", said("Byhand")))];
        host.post("/api/invitations/set-message", "/dashboard", &message).await.location();
        let rule = [("event", &*id), ("form[anchor]", "start"), ("form[days]", "1"), ("form[audience]", "attending")];
        host.post("/api/notifications/add-reminder", "/dashboard", &rule).await.location();
        host.invite_all(event).await;
        app.work().await;
        let link = host.link(event, guest).await;
        let someone = app.anonymous();
        someone.get(&link).await.ok();
        app.settle().await;
        let (companion, message) = (said("Seraphine"), said("gluten"));
        let answer = [
            ("form[answer]", "attending"),
            ("form[heads]", "2"),
            ("form[companions][]", &*companion),
            ("form[message]", &message),
        ];
        someone.answer(&link, &answer).await.location();
        let handed = [("event", &*id), ("guest", &guest.to_string()), ("outcome", "sent"), ("channel", "whatsapp")];
        host.post("/api/invitations/mark-sent", "/dashboard", &handed).await.location();
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
        // News that nobody followed up yet, and a failure that is counted.
        let stranger = app.anonymous();
        let back = stranger.sign_in(&email, "wrong horse").await.location();
        stranger.get(&back).await.ok();
        let behind = [
            format!("update notifications set last_error = '550 <{old}> unknown', provider_id = 'p-{mark}', opened_at = now() where guest_id is not null"),
            format!("insert into delivery_events select host_id, id, gen_random_uuid(), now(), 'bounced', '550 <{old}> unknown' from notifications where guest_id is not null"),
            format!("insert into suppressions (address, host_id, reason, at) select a, h, 'unsubscribed', now()
                from unnest(array['{old}', '{new}', '+447911123456']) a, (select id from users union select null) u (h)"),
            format!("insert into billing_customers select id, 'cus_{mark}', now() from users"),
            format!("insert into subscriptions select id, 'sub_{mark}', 'si_{mark}', 'pro', 'monthly', 'canceled', null, false, null, false, now(), 1, 'evt' from users"),
            "update users set sending_paused = 'bounces'".to_owned(),
            format!("update import_rows set corrected = '{{\"name\": \"{name}\"}}', before = '{{\"name\": \"{name}\"}}', suggestion = '{new}' where name is not null"),
        ];
        for sql in behind {
            sqlx::query(AssertSqlSafe(sql.clone()))
                .execute(&app.backend.db)
                .await
                .unwrap_or_else(|cause| panic!("{sql}: {cause}"));
        }
        host.post("/api/privacy/request-export", "/dashboard/account", &[]).await.location();
        let worker = guestguard::registry::worker(&app.services, std::future::pending()).await.unwrap();
        sqlx::query("update graphile_worker._private_jobs set run_at = now() + interval '1 day' where payload ->> 'news' is not null")
            .execute(&app.backend.db).await.unwrap();
        worker.run_once().await.unwrap();
        // A suppressed address gets nothing; what waits would be sent when everything is lifted.
        sqlx::query("update notifications set state = 'queued', lease_owner = null, lease_until = null where kind = 'confirmation'")
            .execute(&app.backend.db)
            .await
            .unwrap();

        let of_host =
            ["Wilhelmina", "Jubilee", "Come", "Barn", "Lane", "list", "Subject", "Body", "Byhand", "next"].map(said);
        let of_guest = ["Ottokar", "Grumpy", "vip", "Seraphine", "gluten"].map(said);
        Self { host, email, event, guest, link, of_host: of_host.into(), of_guest: of_guest.into() }
    }
}

/// Where one of `texts` stands: in a dump of the whole database, in Redis, in the folder of the outbox.
pub async fn found(app: &App, db: &PgPool, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    look(&mut found, "the database", &dump(&crate::support::node::url(db)), texts);
    let redis = redis_dump().await;
    look(&mut found, "Redis", &redis, texts);
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
        look(&mut found, "the outbox", &whole.join("\n"), texts);
    }
    found
}

/// Everything that a database holds.
pub fn dump(address: &str) -> String {
    let address = address.split('?').next().unwrap();
    let dump = std::process::Command::new("pg_dump").args(["--inserts", address]).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    String::from_utf8_lossy(&dump.stdout).into_owned()
}

fn look(found: &mut Vec<String>, place: &str, text: &str, texts: &[String]) {
    let text = text.to_lowercase();
    for one in texts {
        let one = one.to_lowercase();
        // Bytes are dumped as digits.
        for form in [one.clone(), guestguard::secrets::hex(one.as_bytes())] {
            if let Some(at) = text.find(&form) {
                let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
                let line: String = text[line..].lines().next().unwrap_or_default().chars().take(200).collect();
                found.push(format!("{one} in {place}: {line}"));
            }
        }
    }
}

/// Everything that Redis holds, as far as it is text.
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
