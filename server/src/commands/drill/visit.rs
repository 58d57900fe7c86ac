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

/// How long the copy may take to serve.
const PATIENCE: Duration = Duration::from_secs(60);
/// The host who comes to the copy. `.invalid` is nobody's (RFC 2606).
const EMAIL: &str = "drill@guestguard.invalid";

/// Serves the database of `config` on a free port, signs in, opens the dashboard, plans an event, invites a guest and
/// answers as that guest.
pub async fn visit(config: &Config) -> anyhow::Result<()> {
    let backend = connect::backend(config).await?;
    let password = random_token()?;
    let account = SignUpForm {
        name: "Restore drill".into(),
        email: EMAIL.into(),
        password: password.clone(),
        accepted: "true".into(),
    };
    let opened = auth::actions::sign_up_verified(&backend, &account).await;
    opened.map_err(guestguard::error::Error::into_cause).context("the copy takes no new account")?;

    let (_server, base) = serve(config).await?;
    let client = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().timeout(PATIENCE).build()?;
    let visitor = Visitor { client, base };
    let onwards = visitor
        .post("/api/auth/sign-in", "/sign-in", &[("form[email]", EMAIL), ("form[password]", &password)])
        .await
        .context("signing in")?;
    ensure!(onwards == "/dashboard", "signing in led to {onwards}");
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
        Visitor { client: Client::builder().redirect(Policy::none()).no_proxy().timeout(PATIENCE).build()?, ..visitor };
    let link = format!("/i/{token}");
    guest.get(&link).await.context("the invitation")?;
    let answer = [("token", token.as_str()), ("form[answer]", "attending"), ("form[heads]", "1")];
    guest.post("/api/rsvp/answer", &link, &answer).await.context("answering")?;
    let page = guest.get(&link).await.context("the invitation after the answer")?;
    ensure!(page.contains("Drill Guest"), "the invitation does not greet its guest");
    Ok(())
}

/// A node of its own on the copy; it ends with what is returned.
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
        // Whoever drills often is not locked out of the copy.
        .env("GG_LIMIT_SIGN_IN", "1000/60")
        .env("GG_LIMIT_SIGN_IN_ADDRESS", "1000/60")
        // The copy neither sells nor tells anybody about itself.
        .env("GG_STRIPE_SECRET_KEY", "")
        .env("GG_METRICS_LISTEN", "")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut server = command.spawn().context("the copy cannot be served")?;
    let (Some(stdout), Some(stderr)) = (server.stdout.take(), server.stderr.take()) else {
        bail!("the copy's server has no output");
    };
    let (mut said, mut complaints) = (BufReader::new(stdout).lines(), BufReader::new(stderr).lines());
    match tokio::time::timeout(PATIENCE, said.next_line()).await {
        Ok(Ok(Some(_))) => Ok((server, base)),
        Ok(_) => {
            let why = complaints.next_line().await?.unwrap_or_else(|| "it said nothing".to_owned());
            bail!("the copy does not serve: {why}");
        }
        Err(_) => bail!("the copy does not serve within {} s", PATIENCE.as_secs()),
    }
}

/// Somebody with a browser.
struct Visitor {
    client: Client,
    base: String,
}

impl Visitor {
    async fn get(&self, path: &str) -> anyhow::Result<String> {
        let answer = self.client.get(format!("{}{path}", self.base)).header(header::ACCEPT, "text/html").send().await?;
        ensure!(answer.status() == StatusCode::OK, "it answered {}", answer.status());
        Ok(answer.text().await?)
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Response> {
        let posted =
            self.client.post(format!("{}{path}", self.base)).header(header::ACCEPT, "text/html,*/*").form(fields);
        Ok(posted.send().await?)
    }

    /// Posts a form that stands on the page `back`; where it leads, which must not be back.
    async fn post(&self, path: &str, back: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let answer = self.form(path, &[fields, &[("_back", back)]].concat()).await?;
        ensure!(answer.status() == StatusCode::SEE_OTHER, "it answered {}", answer.status());
        let onwards = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
        Ok(onwards.to_owned())
    }
}
