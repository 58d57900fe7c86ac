use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use guestguard::{
    error::Error,
    events,
    ids::EventId,
    invitations::{self, Selection},
    notifications::postman,
};
use http_body_util::Full;
use hyper::Request;
use uuid::Uuid;

use crate::{
    control::Control,
    load::{self, get, post},
    report::{Goal, Report, median, spread},
    seed::{EMAIL, EVENTS, GUESTS, PASSWORD, Seeded, event_form},
    serving::Serving,
    sink,
};

/// What the program measures with.
pub struct Measuring {
    seeded: Seeded,
    serving: Serving,
    control: Control,
    cookie: String,
    smtp: String,
    rounds: usize,
    lasting: Duration,
    quick: bool,
    /// Kilobytes before anything was asked.
    idle: f64,
    /// The pages beside their controls on the small database, for the growth.
    small: Vec<(&'static str, f64)>,
}

/// Of several rounds, the figures in turn.
struct Rounds {
    ours: Vec<f64>,
    control: Vec<f64>,
    /// Milliseconds within which 99 of 100 answers came.
    p99: f64,
}

impl Rounds {
    fn ratio(&self) -> f64 {
        median(self.ours.clone()) / median(self.control.clone())
    }

    fn words(&self, unit: &str) -> String {
        let [ours, control] = [&self.ours, &self.control].map(|figures| {
            let digits = if unit == "s" { 3 } else { 0 };
            format!("{:.digits$} {unit} (±{:.0} %)", median(figures.clone()), spread(figures) * 50.0)
        });
        format!("{ours} beside {control}")
    }
}

impl Measuring {
    pub async fn begin(database: &str, quick: bool) -> anyhow::Result<Self> {
        eprintln!("filling a database with {EVENTS} events of {GUESTS} guests …");
        let smtp = sink::start().await?;
        let seeded = Seeded::new(database, &smtp).await?;
        let serving = Serving::start(database, &seeded.secret_key, &smtp).await?;
        let control = Control::start(database).await?;
        let cookie = sign_in(&serving.address).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let idle = serving.memory()?;
        let (rounds, lasting) = if quick { (3, Duration::from_secs(1)) } else { (7, Duration::from_secs(4)) };
        Ok(Self { seeded, serving, control, cookie, smtp, rounds, lasting, quick, idle, small: Vec::new() })
    }

    /// Pages beside a handler that reads one row, and an answer beside one that adds a row.
    pub async fn pages(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let invitation = self.in_turns(self.invitation(), self.select()).await?;
        self.small.push(("invitation page", invitation.ratio()));
        let words = invitation.words("requests/s");
        report.add("invitation page", invitation.ratio(), "", Goal::AtLeast(0.35), words);

        let answering = self.in_turns(self.answer(), self.insert()).await?;
        report.add("answering", answering.ratio(), "", Goal::AtLeast(0.35), answering.words("requests/s"));

        let table = self.in_turns(self.table(), self.select()).await?;
        self.small.push(("guest table", table.ratio()));
        report.add("guest table, any view", table.ratio(), "", Goal::AtLeast(0.10), table.words("requests/s"));
        let words = format!("{} connections, {} rounds", load::CONNECTIONS, self.rounds);
        report.add("guest table, 99 of 100 within", table.p99, " ms", Goal::AtMost(50.0), words);
        Ok(())
    }

    /// 5,000 rows in, 5,000 links out, 5,000 mails away.
    pub async fn lists(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let rounds = if self.quick { 1 } else { 5 };
        let [mut import, mut issue, mut drain] =
            [(); 3].map(|()| Rounds { ours: Vec::new(), control: Vec::new(), p99: 0.0 });
        // Thanks for the answers above are none of the mails below.
        sqlx::raw_sql("update notifications set state = 'cancelled' where state = 'queued'")
            .execute(&self.seeded.backend.db)
            .await?;
        for _ in 0..rounds {
            let [event, copied] = [self.event().await?, self.event().await?];
            import.ours.push(self.import(event).await?);
            import.control.push(self.copy(copied).await?);
            let begun = Instant::now();
            let issued =
                invitations::actions::issue(&self.seeded.backend, &self.seeded.host, event, &Selection::All).await;
            ensure!(issued.map_err(Error::into_cause)?.messages == GUESTS, "not everybody was invited");
            issue.ours.push(begun.elapsed().as_secs_f64());
            issue.control.push(self.insert_alike(event).await?);
            let begun = Instant::now();
            let sent = postman::work_off(&self.seeded.backend).await.map_err(Error::into_cause)?;
            ensure!(sent == GUESTS, "{sent} mails left");
            drain.ours.push(1.0 / begun.elapsed().as_secs_f64());
            drain.control.push(1.0 / bare_loop(&self.smtp).await?);
        }
        report.add(
            "import of 5,000 rows",
            import.ratio(),
            " x",
            Goal::AtMost(8.0),
            import.words("s") + ", COPY of the same",
        );
        report.add(
            "5,000 invitations",
            issue.ratio(),
            " x",
            Goal::AtMost(4.0),
            issue.words("s") + ", INSERT of the same",
        );
        let seconds = |rates: &[f64]| GUESTS as f64 * median(rates.to_vec());
        let words = format!("{:.0} mails/s beside {:.0} of a bare loop", seconds(&drain.ours), seconds(&drain.control));
        report.add("5,000 mails to a local server", drain.ratio(), "", Goal::AtLeast(0.5), words);
        Ok(())
    }

    /// What a guest's telephone fetches, and what a host's browser does.
    pub async fn sizes(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let page = format!("/i/{}", self.seeded.tokens[0]);
        let (_, html) = self.fetch(&page).await?;
        let text = String::from_utf8_lossy(&html).into_owned();
        let (mut first, mut all) = (self.fetch_packed(&page).await?, self.fetch_packed(&page).await?);
        for (mark, end) in [("rel=\"stylesheet\" href=\"", '"'), ("rel=\"preload\" href=\"", '"')] {
            for path in text.split(mark).skip(1).filter_map(|rest| rest.split(end).next()) {
                let size = self.fetch_packed(path).await?;
                all += size;
                // Text is painted before its font is there (font-display).
                if mark.contains("stylesheet") {
                    first += size;
                }
            }
        }
        // What the stylesheet fetches besides is seen in a browser; see docs/PERFORMANCE.md.
        report.add(
            "bytes before an invitation's first paint",
            first / 1000.0,
            " kB",
            Goal::AtMost(40.0),
            "HTML and CSS, brotli".into(),
        );
        report.add(
            "bytes of a cold invitation page",
            all / 1000.0,
            " kB",
            Goal::AtMost(120.0),
            "with its fonts; no script".into(),
        );
        let (_, dashboard) = self.fetch("/dashboard").await?;
        let text = String::from_utf8_lossy(&dashboard).into_owned();
        let wasm =
            text.split(['"', '\'']).find(|part| part.ends_with(".wasm")).context("the dashboard names no WASM")?;
        let size = self.fetch_packed(wasm).await?;
        report.add("WASM of the host's pages", size / 1000.0, " kB", Goal::AtMost(160.0), "brotli".into());
        Ok(())
    }

    /// Whether pages cost the same when there is ten times as much beside them.
    pub async fn growth(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let read = "select coalesce(sum(seq_tup_read), 0)::bigint from pg_stat_user_tables
            where relname in ('guests', 'invitations', 'accesses', 'notifications', 'rsvps', 'rsvp_changes')";
        let read = async || -> anyhow::Result<i64> {
            // Counts arrive a second late.
            tokio::time::sleep(Duration::from_millis(1500)).await;
            Ok(sqlx::query_scalar(read).fetch_one(&self.seeded.backend.db).await?)
        };
        if self.quick {
            return Ok(());
        }
        eprintln!("filling it with {} events …", EVENTS * 10);
        self.seeded.copies(EVENTS * 9).await?;
        let before = read().await?;
        let invitation = self.in_turns(self.invitation(), self.select()).await?;
        let table = self.in_turns(self.table(), self.select()).await?;
        let scanned = read().await? - before;
        report.add("rows that pages read one by one", scanned as f64, "", Goal::AtMost(0.0), "index scans only".into());
        for (name, large) in [("invitation page", invitation.ratio()), ("guest table", table.ratio())] {
            let small = self.small.iter().find(|(other, _)| *other == name).map_or(f64::NAN, |(_, ratio)| *ratio);
            let words = format!("{large:.3} of its control beside {small:.3}");
            report.add(&format!("{name}, ten times the data"), large / small, " x", Goal::AtLeast(0.8), words);
        }
        Ok(())
    }

    /// Memory, after all of it.
    pub async fn end(self, report: &mut Report) -> anyhow::Result<()> {
        report.add("memory, idle", self.idle / 1000.0, " MB", Goal::AtMost(60.0), "resident".into());
        report.add("memory after load", self.serving.memory()? / 1000.0, " MB", Goal::AtMost(150.0), "resident".into());
        Ok(())
    }

    /// Rounds of ours and of the control, one after the other, so that what disturbs one disturbs both.
    async fn in_turns(&self, ours: Asking, control: Asking) -> anyhow::Result<Rounds> {
        let mut rounds = Rounds { ours: Vec::new(), control: Vec::new(), p99: 0.0 };
        let mut p99 = Vec::new();
        // The first warms up.
        for number in 0..=self.rounds {
            let measured = ours.run(self.lasting).await?;
            let beside = control.run(self.lasting).await?;
            if number > 0 {
                rounds.ours.push(measured.rate());
                rounds.control.push(beside.rate());
                p99.push(measured.within(0.99));
            }
        }
        rounds.p99 = median(p99);
        Ok(rounds)
    }

    fn invitation(&self) -> Asking {
        let tokens = self.seeded.tokens.clone();
        Asking::new(&self.serving.address, move |number| {
            get(&format!("/i/{}", tokens[number * 7919 % tokens.len()]), "")
        })
    }

    fn answer(&self) -> Asking {
        let tokens = self.seeded.tokens.clone();
        // Each is another answer than the one before, or nothing would be written.
        let began = Uuid::now_v7().simple().to_string();
        Asking::new(&self.serving.address, move |number| {
            let token = &tokens[number * 7919 % tokens.len()];
            let form = format!("token={token}&form[answer]=attending&form[heads]=1&form[message]={began}{number}");
            post("/api/rsvp/answer", "", form.replace('[', "%5B").replace(']', "%5D"))
        })
    }

    fn table(&self) -> Asking {
        let (event, cookie) = (self.seeded.event, self.cookie.clone());
        Asking::new(&self.serving.address, move |number| {
            let view = VIEWS[number % VIEWS.len()].replace('#', &(1 + number % 90).to_string());
            get(&format!("/dashboard/events/{event}/guests?{view}"), &cookie)
        })
    }

    fn select(&self) -> Asking {
        let (host, guests) = (self.seeded.host.id(), self.seeded.guests.clone());
        Asking::new(&self.control.address, move |number| {
            get(&format!("/{}/{}", host.0, guests[number * 7919 % guests.len()].0), "")
        })
    }

    fn insert(&self) -> Asking {
        Asking::new(&self.control.address, |number| post("/", "", format!("attending {number}")))
    }

    async fn event(&self) -> anyhow::Result<EventId> {
        let created = events::actions::create(&self.seeded.backend, &self.seeded.host, &event_form()).await;
        created.map_err(Error::into_cause)
    }

    /// Seconds from the upload of a file until its rows are on the list.
    async fn import(&self, event: EventId) -> anyhow::Result<f64> {
        let rows: String =
            (0..GUESTS).map(|n| format!("Guest {n},guest{n}@guests.example,+44791112{n:04},2,Family\n")).collect();
        let file = format!("Name,Email,Phone,Seats,Tags\n{rows}");
        let body = format!(
            "--part\r\ncontent-disposition: form-data; name=\"country\"\r\n\r\nGB\r\n--part\r\ncontent-disposition: form-data; \
             name=\"file\"; filename=\"guests.csv\"\r\n\r\n{file}\r\n--part--\r\n"
        );
        let upload = Request::post(format!("/dashboard/events/{event}/guests/import"))
            .header("host", "127.0.0.1")
            .header("accept", "text/html")
            .header("cookie", &self.cookie)
            .header("content-type", "multipart/form-data; boundary=part")
            .body(Full::new(Bytes::from(body)))?;
        let begun = Instant::now();
        let (answer, body) = load::ask(&self.serving.address, upload).await?;
        let page = answer.headers.get("location").and_then(|page| page.to_str().ok());
        let import = page
            .and_then(|page| page.rsplit('/').next())
            .with_context(|| String::from_utf8_lossy(&body).into_owned())?;
        let form = format!("event={event}&import={import}");
        let (answer, body) = load::ask(&self.serving.address, post("/api/imports/commit", &self.cookie, form)).await?;
        ensure!(answer.status == 200, "{}", String::from_utf8_lossy(&body));
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Seconds of a `COPY` of the same rows into the same table.
    async fn copy(&self, event: EventId) -> anyhow::Result<f64> {
        let host = self.seeded.host.id();
        let rows: String = (0..GUESTS)
            .map(|n| {
                let id = Uuid::now_v7();
                format!("{host}\t{event}\t{id}\tGuest {n}\tguest{n}@guests.example\t+44791112{n:04}\t2\t{{Family}}\t2027-01-01\t2027-01-01\n")
            })
            .collect();
        let begun = Instant::now();
        let mut db = self.seeded.backend.db.acquire().await?;
        let columns = "host_id, event_id, id, name, email, phone, party_size, tags, created_at, updated_at";
        let mut copy = db.copy_in_raw(&format!("copy guests ({columns}) from stdin")).await?;
        copy.send(rows.into_bytes()).await?;
        copy.finish().await?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Seconds of one insert for each table of the rows that inviting wrote, into the same tables, in one transaction.
    async fn insert_alike(&self, event: EventId) -> anyhow::Result<f64> {
        let db = &self.seeded.backend.db;
        for table in ["invitations", "notifications"] {
            let keep = format!(
                "create table kept_{table} as select * from {table} where event_id = '{event}';
                delete from {table} where event_id = '{event}'"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(keep)).execute(db).await?;
        }
        let begun = Instant::now();
        let mut tx = db.begin().await?;
        for table in ["invitations", "notifications"] {
            let rows = format!("insert into {table} select * from kept_{table}");
            sqlx::query(sqlx::AssertSqlSafe(rows)).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        let took = begun.elapsed().as_secs_f64();
        sqlx::raw_sql("drop table kept_invitations, kept_notifications").execute(db).await?;
        Ok(took)
    }

    async fn fetch(&self, path: &str) -> anyhow::Result<(hyper::http::response::Parts, Bytes)> {
        let (answer, body) = load::ask(&self.serving.address, get(path, &self.cookie)).await?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        Ok((answer, body))
    }

    /// Bytes of a file as it crosses the network to a browser.
    async fn fetch_packed(&self, path: &str) -> anyhow::Result<f64> {
        let mut request = get(path, &self.cookie);
        request.headers_mut().insert("accept-encoding", hyper::header::HeaderValue::from_static("br, gzip"));
        let (answer, body) = load::ask(&self.serving.address, request).await?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        Ok(body.len() as f64)
    }
}

/// Views of the table as hosts ask for them: every sort, some downwards, filters, searches that find much, little and nothing,
/// and pages far back.
const VIEWS: [&str; 12] = [
    "",
    "page=#",
    "sort=status&order=down&page=#",
    "sort=party&order=down&page=#",
    "sort=activity&order=down&page=#",
    "sort=name&order=down&page=#",
    "search=guest&page=#",
    "search=guest%20004#",
    "search=guest#@",
    "search=nobody-at-all",
    "status=attending&page=#",
    "status=sent&sort=activity&search=guest",
];

type Ask = std::sync::Arc<dyn Fn(usize) -> Request<Full<Bytes>> + Send + Sync>;

/// Requests to one address.
struct Asking {
    address: String,
    ask: Ask,
}

impl Asking {
    fn new(address: &str, ask: impl Fn(usize) -> Request<Full<Bytes>> + Send + Sync + 'static) -> Self {
        Self { address: address.to_owned(), ask: std::sync::Arc::new(ask) }
    }

    async fn run(&self, lasting: Duration) -> anyhow::Result<load::Round> {
        let ask = self.ask.clone();
        load::run(&self.address, lasting, move |number| ask(number)).await
    }
}

async fn sign_in(address: &str) -> anyhow::Result<String> {
    let form = format!("form%5Bemail%5D={EMAIL}&form%5Bpassword%5D={}", PASSWORD.replace(' ', "+"));
    let (answer, body) = load::ask(address, post("/api/auth/sign-in", "", form)).await?;
    let cookie = answer.headers.get("set-cookie").and_then(|cookie| cookie.to_str().ok());
    let cookie = cookie.and_then(|cookie| cookie.split(';').next());
    Ok(cookie.with_context(|| format!("no cookie: {}", String::from_utf8_lossy(&body)))?.to_owned())
}

/// Seconds that sending as many mails takes with a pool of connections and nothing else.
async fn bare_loop(url: &str) -> anyhow::Result<f64> {
    use futures::{StreamExt, TryStreamExt, stream};
    use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::MultiPart};
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.build();
    let body = "<p>Invitation</p>".repeat(150);
    let begun = Instant::now();
    stream::iter(0..GUESTS)
        .map(Ok)
        .try_for_each_concurrent(16, async |n| {
            let mail = Message::builder()
                .message_id(Some(format!("<{n}.{}@bare>", Uuid::now_v7())))
                .from("post@guests.example".parse()?)
                .to(format!("guest{n}@guests.example").parse()?)
                .subject("Invitation")
                .multipart(MultiPart::alternative_plain_html(body.clone(), body.clone()))?;
            transport.send(mail).await?;
            anyhow::Ok(())
        })
        .await?;
    Ok(begun.elapsed().as_secs_f64())
}
