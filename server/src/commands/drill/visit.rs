//! Drill visit: a host signs in to the restored copy, invites a guest, and the guest replies.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, bail, ensure};
use guestguard::{
    auth::{self, SignUpForm},
    secrets::random_token,
};
use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

use crate::{config::Config, connect};

/// Timeout of each step.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The host of the drill. `.invalid` belongs to nobody (RFC 2606).
const EMAIL: &str = "drill@guestguard.invalid";

/// Serves the database of `config` on a free port, signs in, opens the dashboard, plans an event, invites a guest and
/// replies as that guest.
pub async fn visit(config: &Config) -> anyhow::Result<()> {
    let backend = connect::backend(config).await?;
    let password = random_token()?;
    let account = SignUpForm {
        name: "Restore drill".into(),
        email: EMAIL.into(),
        password: password.clone(),
        accepted: "true".into(),
    };
    let result = auth::actions::sign_up_verified(&backend, &account).await;
    result.map_err(guestguard::error::Error::into_cause).context("creating an account")?;

    let (_server, base) = serve(config).await?;
    let client = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().timeout(TIMEOUT).build()?;
    let visitor = Visitor { client, base };
    let location = visitor
        .post("/api/auth/sign-in", "/sign-in", &[("form[email]", EMAIL), ("form[password]", &password)])
        .await
        .context("signing in")?;
    ensure!(location == "/dashboard", "signing in led to {location}");
    visitor.get("/dashboard").await.context("the dashboard")?;

    let starts = (backend.clock.now() + chrono::TimeDelta::days(30)).format("%Y-%m-%dT18:30").to_string();
    let planned = [
        ("form[title]", "Restore drill"),
        ("form[starts]", &starts),
        ("form[time_zone]", "Europe/London"),
        ("form[party_size]", "1"),
        ("form[theme]", "garden"),
    ];
    let event =
        visitor.post("/api/events/create", "/dashboard/events/new", &planned).await.context("planning an event")?;
    let id = event.trim_start_matches("/dashboard/events/").split(['/', '?']).next().unwrap_or_default().to_owned();
    let page = format!("/dashboard/events/{id}");
    visitor
        .post("/api/guests/paste", &page, &[("event", &id), ("form[text]", "Drill Guest")])
        .await
        .context("adding a guest")?;
    visitor.post("/api/invitations/issue-all", &page, &[("event", &id)]).await.context("inviting")?;
    let links = visitor.form(&format!("{page}/guests/links"), &[]).await?.text().await?;
    let token = links.split_once("/i/").map(|(_, rest)| rest.chars().take(43).collect::<String>());
    let token = token.context("the guest has no link")?;

    let guest =
        Visitor { client: Client::builder().redirect(Policy::none()).no_proxy().timeout(TIMEOUT).build()?, ..visitor };
    let link = format!("/i/{token}");
    guest.get(&link).await.context("the invitation")?;
    let answer = [("token", token.as_str()), ("form[answer]", "attending"), ("form[heads]", "1")];
    guest.post("/api/rsvp/answer", &link, &answer).await.context("replying")?;
    let page = guest.get(&link).await.context("the invitation after the reply")?;
    ensure!(page.contains("Drill Guest"), "the invitation does not name its guest");
    Ok(())
}

/// Starts a server on the copy; it stops when the child is dropped.
async fn serve(config: &Config) -> anyhow::Result<(Child, String)> {
    let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let base = format!("http://{address}");
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["serve", "--no-work", "--no-migrate"])
        .env("GG_DATABASE_URL", &config.database_url)
        .env("GG_LISTEN", address.to_string())
        .env("GG_PUBLIC_URL", &base)
        .env("GG_SECRET_KEY", &config.secret_key)
        .env("GG_TRUSTED_PROXIES", "0")
        .env("GG_LOG", "error")
        // Frequent drills must not reach the rate limit.
        .env("GG_LIMIT_SIGN_IN", "1000/60")
        .env("GG_LIMIT_SIGN_IN_ADDRESS", "1000/60")
        // The copy must not reach Stripe, nor take the address of the metrics.
        .env("GG_STRIPE_SECRET_KEY", "")
        .env("GG_METRICS_LISTEN", "")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut server = command.spawn().context("the server of the copy does not start")?;
    let (Some(stdout), Some(stderr)) = (server.stdout.take(), server.stderr.take()) else {
        bail!("the server of the copy has no output");
    };
    let (mut output, mut errors) = (BufReader::new(stdout).lines(), BufReader::new(stderr).lines());
    match tokio::time::timeout(TIMEOUT, output.next_line()).await {
        Ok(Ok(Some(_))) => Ok((server, base)),
        Ok(_) => {
            let error = errors.next_line().await?.unwrap_or_else(|| "no message".to_owned());
            bail!("the server of the copy does not start: {error}");
        }
        Err(_) => bail!("the server of the copy does not start within {} s", TIMEOUT.as_secs()),
    }
}

/// A browser.
struct Visitor {
    client: Client,
    base: String,
}

impl Visitor {
    async fn get(&self, path: &str) -> anyhow::Result<String> {
        let response =
            self.client.get(format!("{}{path}", self.base)).header(header::ACCEPT, "text/html").send().await?;
        ensure!(response.status() == StatusCode::OK, "status {}", response.status());
        Ok(response.text().await?)
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Response> {
        let request =
            self.client.post(format!("{}{path}", self.base)).header(header::ACCEPT, "text/html,*/*").form(fields);
        Ok(request.send().await?)
    }

    /// Posts a form of the page `back`. The page it redirects to, which must be another.
    async fn post(&self, path: &str, back: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let response = self.form(path, &[fields, &[("_back", back)]].concat()).await?;
        ensure!(response.status() == StatusCode::SEE_OTHER, "status {}", response.status());
        let location = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
        Ok(location.to_owned())
    }
}
