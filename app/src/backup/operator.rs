//! Operator page: backups, WAL archiving, restore drills and the outbox of this installation.

use chrono::{DateTime, Utc};
use guestguard::{
    actors::Host,
    backup::{
        DRILL_DAYS, RPO_SECONDS, RTO_SECONDS,
        queries::{self, Archive, Drill, Installation},
        status::Status,
    },
    notifications::outbox::OutboxStatus,
    problem::Problem,
};
use leptos::prelude::*;

use crate::{
    ssr,
    ui::{
        layout::{Frame, PageHead},
        page::page,
        words::{counted, thousands},
    },
};

/// The path of the page; 404 for everybody but operators.
pub const PAGE: &str = "/dashboard/operator";

/// An empty cell.
const NONE: &str = "–";

#[component]
pub fn OperatorPage() -> impl IntoView {
    let load = async {
        let (backend, host) = ssr::host().await?;
        let services = ssr::services()?;
        let operator = services.operators.admit(&host).ok_or(Problem::NotFound)?;
        let installation = ssr::reply(queries::installation(&backend, services.backups.as_ref(), &operator).await)?;
        Ok((host, installation))
    };
    page(load, |(host, installation): (Host, Installation)| {
        let due = installation.drill_is_due();
        view! {
            <Frame host=Some(host) class="page page-wide">
                <PageHead
                    title="This installation"
                    lede="Backups, restore drills and the outbox of this server."
                />
                {installation
                    .maintenance
                    .then(|| {
                        notice("Closed for maintenance. Run `guestguard maintenance off` to open it.".into())
                    })}
                <Backups backups=installation.backups/>
                <WalArchiving archive=installation.archive/>
                <Drills drills=installation.drills due/>
                <OutboxState outbox=installation.outbox/>
            </Frame>
        }
    })
}

fn notice(text: String) -> impl IntoView {
    view! { <div class="notice" data-kind="warning"><p>{text}</p></div> }
}

#[component]
fn Backups(backups: Option<Result<Status, String>>) -> impl IntoView {
    let body = match backups {
        None => notice("Backups are off. Set GG_BACKUP_URL and GG_BACKUP_SCHEDULE=hourly.".into()).into_any(),
        Some(Err(cause)) => notice(format!("The status of the backups is unknown: {cause}.")).into_any(),
        Some(Ok(status)) => {
            let usual = status.usual_bytes.map(|bytes| format!("usually {}", size(bytes))).unwrap_or_default();
            let newest = status.newest.as_ref();
            let name =
                newest.map(|newest| newest.key.as_str().trim_start_matches("database/").to_owned()).unwrap_or_default();
            view! {
                {status.faults.into_iter().map(|fault| notice(sentence(&fault))).collect_view()}
                <dl class="figures">
                    {figure("Newest backup", status.age_seconds.map_or("none".into(), ago), name)}
                    {figure("Size", newest.map_or("none".into(), |newest| size(newest.bytes)), usual)}
                    {figure(
                        "Last verified by a restore",
                        status.verified_age_seconds.map_or("never".into(), ago),
                        String::new(),
                    )}
                    {figure("Stored backups", status.backups.to_string(), String::new())}
                </dl>
            }
            .into_any()
        }
    };
    view! { <section class="section"><h2>"Backups"</h2>{body}</section> }
}

#[component]
fn WalArchiving(archive: Option<Archive>) -> impl IntoView {
    let body = match archive {
        None => view! {
            <p class="hint">
                "WAL archiving is off, so a loss of the server would lose all changes since the newest backup. "
                "The folder docs/deploy/pgbackrest shows how to turn it on."
            </p>
        }
        .into_any(),
        Some(Archive { age_seconds, failing }) => view! {
            {failing.then(|| notice("The last WAL segment could not be archived. Check PostgreSQL's log.".into()))}
            <dl class="figures">
                {figure("Maximum data loss now", age_seconds.map_or("everything".into(), span), format!("target: {}", span(RPO_SECONDS)))}
            </dl>
        }
        .into_any(),
    };
    view! { <section class="section"><h2>"Point-in-time recovery"</h2>{body}</section> }
}

#[component]
fn Drills(drills: Vec<Drill>, due: bool) -> impl IntoView {
    let rows = drills.into_iter().map(|drill| {
        let (tone, result) =
            if drill.error.is_empty() { ("good", "Passed") } else { ("bad", "Failed") };
        let passed = drill.error.is_empty();
        view! {
            <tr>
                <td data-label="When"><time datetime=drill.at.to_rfc3339()>{when(drill.at)}</time></td>
                <td data-label="Result"><span class="badge" data-tone=tone>{result}</span></td>
                <td data-label="Checks">{if passed { drill.checks.to_string() } else { NONE.to_owned() }}</td>
                <td data-label="Data loss">{span(drill.rpo_seconds)}</td>
                <td data-label="Recovery time">{if passed { span(drill.rto_seconds) } else { NONE.to_owned() }}</td>
                <td data-label="Backup"><code>{drill.backup.trim_start_matches("database/").to_owned()}</code> {(!passed).then(|| view! { <p class="hint">{drill.error}</p> })}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="section">
            <h2>"Restore drills"</h2>
            {due.then(|| notice(format!("No drill passed in the last {DRILL_DAYS} days. Run `guestguard drill`; it takes about a minute and does not affect users.")))}
            <p class="hint">
                {format!(
                    "A drill restores the newest backup to a scratch database, verifies and serves it. Targets: at most {} of data lost, \
                     back within {}.",
                    span(RPO_SECONDS),
                    span(RTO_SECONDS),
                )}
            </p>
            {(!rows.is_empty())
                .then(|| view! {
                    <div class="table-wrap">
                        <table class="table">
                            <thead>
                                <tr>
                                    <th scope="col">"When (UTC)"</th>
                                    <th scope="col">"Result"</th>
                                    <th scope="col">"Checks"</th>
                                    <th scope="col">"Data loss"</th>
                                    <th scope="col">"Recovery time"</th>
                                    <th scope="col">"Backup"</th>
                                </tr>
                            </thead>
                            <tbody>{rows}</tbody>
                        </table>
                    </div>
                })}
        </section>
    }
}

#[component]
fn OutboxState(outbox: OutboxStatus) -> impl IntoView {
    view! {
        <section class="section">
            <h2>"Outbox"</h2>
            {outbox.paused.map(|reason| notice(format!("Sending is paused: {reason}.")))}
            <dl class="figures">
                {figure("Queued", thousands(outbox.waiting), String::new())}
                {figure("Oldest queued for", span(outbox.oldest_seconds), String::new())}
                {figure("Domains that reject our email", outbox.deferred_domains.len().to_string(), outbox.deferred_domains.join(", "))}
            </dl>
        </section>
    }
}

fn figure(name: &'static str, value: String, note: String) -> impl IntoView {
    view! {
        <div class="figure">
            <dt>{name}</dt>
            <dd>{value}</dd>
            {(!note.is_empty()).then(|| view! { <dd class="figure-note">{note}</dd> })}
        </div>
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

fn when(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y, %H:%M").to_string()
}

fn ago(seconds: i64) -> String {
    format!("{} ago", span(seconds))
}

fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => counted(seconds / 86_400, "day"),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}
