//! The measurements.

mod lists;
mod requests;

use std::time::Duration;

use crate::{
    control::Control,
    load::{self, get, post},
    report::{Goal, Report, median, spread},
    seed::{EVENTS, GUESTS, Seeded},
    serving::Serving,
};
use anyhow::{Context, ensure};
use bytes::Bytes;
use testkit::{
    fake_smtp::FakeSmtp,
    seed::{EMAIL, PASSWORD},
};

/// The processes and settings of a run.
pub struct Measuring {
    seeded: Seeded,
    serving: Serving,
    control: Control,
    cookie: String,
    smtp: String,
    rounds: usize,
    lasting: Duration,
    quick: bool,
    /// Resident kilobytes before the first request.
    idle: f64,
    /// Ratios on the small database, to compare with the large one.
    small: Vec<(&'static str, f64)>,
}

/// The figures of several rounds.
struct Rounds {
    ours: Vec<f64>,
    control: Vec<f64>,
    /// 99th percentile of the response time, in milliseconds.
    p99: f64,
}

impl Rounds {
    fn ratio(&self) -> f64 {
        median(self.ours.clone()) / median(self.control.clone())
    }

    fn summary(&self, unit: &str, control_name: &str) -> String {
        let [ours, control] = [&self.ours, &self.control].map(|figures| {
            let digits = if unit == "s" { 3 } else { 0 };
            format!("{:.digits$} {unit} (±{:.0} %)", median(figures.clone()), spread(figures) * 50.0)
        });
        format!("{ours}, {control_name} {control}")
    }
}

impl Measuring {
    pub async fn begin(database: &str, quick: bool) -> anyhow::Result<Self> {
        eprintln!("filling a database with {EVENTS} events of {GUESTS} guests …");
        let smtp = FakeSmtp::start().await?.url;
        let seeded = Seeded::new(database, &smtp).await?;
        let serving = Serving::start(database, &seeded.secret_key, &smtp).await?;
        let control = Control::start(database).await?;
        let cookie = sign_in(&serving.address).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let idle = serving.memory()?;
        let (rounds, lasting) = if quick { (3, Duration::from_secs(1)) } else { (7, Duration::from_secs(4)) };
        Ok(Self { seeded, serving, control, cookie, smtp, rounds, lasting, quick, idle, small: Vec::new() })
    }

    /// Pages against a handler that reads one row, and a reply against one that inserts a row.
    pub async fn pages(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let invitation = self.in_turns(self.invitation(), self.select()).await?;
        self.small.push(("invitation page", invitation.ratio()));
        let measured = invitation.summary("requests/s", "control");
        report.add("invitation page", invitation.ratio(), "", Goal::AtLeast(0.35), measured);

        let reply = self.in_turns(self.reply(), self.insert()).await?;
        report.add("reply", reply.ratio(), "", Goal::AtLeast(0.35), reply.summary("requests/s", "control"));

        let table = self.in_turns(self.table(), self.select()).await?;
        self.small.push(("guest table", table.ratio()));
        report.add(
            "guest table, any view",
            table.ratio(),
            "",
            Goal::AtLeast(0.10),
            table.summary("requests/s", "control"),
        );
        let measured = format!("{} connections, {} rounds", load::CONNECTIONS, self.rounds);
        report.add("guest table, p99", table.p99, " ms", Goal::AtMost(50.0), measured);
        Ok(())
    }

    /// Bytes that a guest's phone and a host's browser fetch.
    pub async fn sizes(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let page = format!("/i/{}", self.seeded.tokens[0]);
        let (_, html) = self.fetch(&page).await?;
        let text = String::from_utf8_lossy(&html).into_owned();
        let (mut first, mut all) = (self.fetch_packed(&page).await?, self.fetch_packed(&page).await?);
        for (mark, end) in [("rel=\"stylesheet\" href=\"", '"'), ("rel=\"preload\" href=\"", '"')] {
            for path in text.split(mark).skip(1).filter_map(|rest| rest.split(end).next()) {
                let size = self.fetch_packed(path).await?;
                all += size;
                // Text is painted before its font has loaded (font-display).
                if mark.contains("stylesheet") {
                    first += size;
                }
            }
        }
        // Files that the stylesheet fetches are not counted here. The browser measures them; see docs/PERFORMANCE.md.
        report.add(
            "invitation page before first paint",
            first / 1000.0,
            " kB",
            Goal::AtMost(40.0),
            "HTML and CSS, brotli".into(),
        );
        report.add("cold invitation page", all / 1000.0, " kB", Goal::AtMost(120.0), "with fonts; no script".into());
        let (_, dashboard) = self.fetch("/dashboard").await?;
        let text = String::from_utf8_lossy(&dashboard).into_owned();
        let wasm =
            text.split(['"', '\'']).find(|part| part.ends_with(".wasm")).context("the dashboard names no WASM")?;
        let size = self.fetch_packed(wasm).await?;
        report.add("WASM of the host's pages", size / 1000.0, " kB", Goal::AtMost(160.0), "brotli".into());
        Ok(())
    }

    /// Page speed on a slow phone, in a real browser.
    pub async fn browser(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let pages = [
            ("invitation", format!("/i/{}", self.seeded.tokens[1])),
            ("overview", format!("/dashboard/events/{}", self.seeded.event)),
            ("guest table", format!("/dashboard/events/{}/guests", self.seeded.event)),
        ];
        let mut command = tokio::process::Command::new("node");
        command.current_dir("end2end").arg("throttled.mjs").arg(&self.serving.address).arg(&self.cookie);
        command.args(pages.iter().map(|(name, path)| format!("{name}={path}"))).stderr(std::process::Stdio::inherit());
        let output = command.output().await.context("node; bin/tools e2e installs it")?;
        let figures: serde_json::Value =
            serde_json::from_slice(&output.stdout).context("the browser printed no figures")?;
        for (name, _) in &pages {
            let of = |what: &str| figures[name][what].as_f64().unwrap_or(f64::NAN);
            let measured = format!(
                "first paint {:.0} ms, usable {:.0} ms; scripts {:.0} ms; {:.0} kB",
                of("first"),
                of("interactive"),
                of("blocked"),
                of("bytes") / 1000.0
            );
            report.add(
                &format!("{name}, largest paint on a slow phone"),
                of("largest"),
                " ms",
                Goal::AtMost(2500.0),
                measured,
            );
        }
        Ok(())
    }

    /// Whether pages are as fast with ten times the data.
    pub async fn growth(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let read = "select coalesce(sum(seq_tup_read), 0)::bigint from pg_stat_user_tables
            where relname in ('guests', 'invitations', 'accesses', 'notifications', 'rsvps', 'rsvp_history')";
        let read = async || -> anyhow::Result<i64> {
            // PostgreSQL updates the counters a second later.
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
        report.add("rows read by sequential scans", scanned as f64, "", Goal::AtMost(0.0), "index scans only".into());
        for (name, large) in [("invitation page", invitation.ratio()), ("guest table", table.ratio())] {
            let small = self.small.iter().find(|(other, _)| *other == name).map_or(f64::NAN, |(_, ratio)| *ratio);
            let measured = format!("{large:.3} of its control, before {small:.3}");
            report.add(&format!("{name}, ten times the data"), large / small, " x", Goal::AtLeast(0.8), measured);
        }
        Ok(())
    }

    /// Memory, after everything else.
    pub async fn end(self, report: &mut Report) -> anyhow::Result<()> {
        report.add("memory, idle", self.idle / 1000.0, " MB", Goal::AtMost(60.0), "resident".into());
        report.add("memory after load", self.serving.memory()? / 1000.0, " MB", Goal::AtMost(150.0), "resident".into());
        Ok(())
    }

    async fn fetch(&self, path: &str) -> anyhow::Result<(hyper::http::response::Parts, Bytes)> {
        let (response, body) = load::send(&self.serving.address, get(path, &self.cookie)).await?;
        ensure!(response.status == 200, "{path}: {}", response.status);
        Ok((response, body))
    }

    /// Compressed size of a response.
    async fn fetch_packed(&self, path: &str) -> anyhow::Result<f64> {
        let mut request = get(path, &self.cookie);
        request.headers_mut().insert("accept-encoding", hyper::header::HeaderValue::from_static("br, gzip"));
        let (response, body) = load::send(&self.serving.address, request).await?;
        ensure!(response.status == 200, "{path}: {}", response.status);
        Ok(body.len() as f64)
    }
}

async fn sign_in(address: &str) -> anyhow::Result<String> {
    let form = format!("form%5Bemail%5D={EMAIL}&form%5Bpassword%5D={}", PASSWORD.replace(' ', "+"));
    let (response, body) = load::send(address, post("/api/auth/sign-in", "", form)).await?;
    let cookie = response.headers.get("set-cookie").and_then(|cookie| cookie.to_str().ok());
    let cookie = cookie.and_then(|cookie| cookie.split(';').next());
    Ok(cookie.with_context(|| format!("no cookie: {}", String::from_utf8_lossy(&body)))?.to_owned())
}
